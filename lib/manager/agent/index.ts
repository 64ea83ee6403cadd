export { type Agent, createAgent, keptState, refusal, stateKey, stateToGoOnWith } from "./agent.ts";
export { sayError, type Workers } from "./jobs.ts";
export { keepLooking } from "./sensing.ts";
