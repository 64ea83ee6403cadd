/** What the manager repairs alone. */
export { createTechniques } from "./hands.ts";
