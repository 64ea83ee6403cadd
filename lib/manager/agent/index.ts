export { type Agent, createAgent } from "./agent.ts";
export { sayError, type Workers } from "./jobs.ts";
export { keepLooking } from "./sensing.ts";
