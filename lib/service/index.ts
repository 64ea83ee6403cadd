export type { ServiceDeps } from "./deps.ts";
export { HostNotReady } from "./hosts.ts";
export { createService, type Service } from "./service.ts";
