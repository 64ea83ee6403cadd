/** What is done with servers of each kind. */
export { createHands } from "./hands.ts";
export { pathsOf } from "./site.ts";
