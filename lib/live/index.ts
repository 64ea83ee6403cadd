export { createHub, type Hub, type HubLimits, type HubOptions } from "./hub.ts";
