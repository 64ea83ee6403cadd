/** What looks at servers and VMs, and from where. */
export { createSensors } from "./hands.ts";
export { observersOf } from "./place.ts";
