export { createEndpointCaller, type EndpointCaller } from "./endpoint-caller.ts";
export { type CollaborationHub, type CollaborationHubOptions, createCollaborationHub } from "./hub.ts";
export type { HubLimits } from "./limits.ts";
export { createWebhooks, type Webhooks } from "./webhooks.ts";
