export { systemClock } from "./clock.ts";
export { createExaminer } from "./examine.ts";
export { createHostHelpers } from "./host-helpers.ts";
export { createHypervisor } from "./hypervisor.ts";
export { ensureIdentity, type Identity } from "./identity.ts";
export { createHostInstaller } from "./installer.ts";
export { HostLinks } from "./links.ts";
export { createProber } from "./prober.ts";
export { type HostShell, hostShell } from "./shell.ts";
