/** What the manager repairs alone. */
export { createTechniques } from "./hands.ts";
export { savedAnew } from "./went-back.ts";
