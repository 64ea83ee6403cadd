export { type VirtualClock, virtualClock } from "./clock/virtual-clock.ts";
export { seededIds } from "./ids.ts";
export { type Random, seededRandom } from "./random.ts";
export { type SimulatedCloud, simulatedCloud } from "./simulated-cloud.ts";
export { type ServedSecond, simulatedTraffic } from "./traffic.ts";
export { type WorldAction, worldAction } from "./world/actions.ts";
export { type CloudSpec, cloudSpec, demoCloud } from "./world/cloud-spec.ts";
export type { SimHost, Violation } from "./world/types.ts";
export type { Happening, World } from "./world/world.ts";
