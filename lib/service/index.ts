export type { EndpointCaller, ServiceDeps } from "./deps.ts";
export { HostNotReady } from "./hosts.ts";
export { isKeySecret, keyDigest } from "./keys.ts";
export { refuseByScope } from "./scopes.ts";
export { createService, type Service } from "./service.ts";
