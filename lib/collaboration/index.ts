export { type CollaborationHub, type CollaborationHubOptions, createCollaborationHub } from "./hub.ts";
export type { HubLimits } from "./limits.ts";
