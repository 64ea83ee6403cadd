export { type Opened, type OpenOptions, openWork, readFileChecked, stateDirOf } from "./open.ts";
export { pretendedHands } from "./pretended.ts";
export { createWorkers } from "./workers.ts";
export type { How, Workshop } from "./workshop.ts";
