export { systemClock } from "./clock.ts";
export { createExaminer } from "./examine.ts";
export { createHypervisor } from "./hypervisor.ts";
export { ensureIdentity, type Identity } from "./identity.ts";
export { createProber } from "./prober.ts";
