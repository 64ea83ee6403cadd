export { againstByHand, type Ordered, withoutOldWork, withoutVms } from "./by-hand.ts";
export type { Context } from "./context.ts";
export { type Detector, looked, noDetector } from "./detector.ts";
export { actionsOf } from "./in-hand.ts";
export { type Job, jobsByHand, jobsOf } from "./jobs.ts";
export { type Input, type Phase, reduce } from "./reduce.ts";
export { inRepair, type ManagerState, type MessageId, managerState, noState, type Saying, type VmId } from "./state.ts";
export { viewOf } from "./view.ts";
