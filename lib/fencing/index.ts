export { createFenceAgents } from "./agents.ts";
export { createHookRunner } from "./hooks.ts";
