export { peerHeader, urlOf } from "../api/index.ts";
export type { Account } from "./accounts.ts";
export { boot, type Running } from "./boot.ts";
export { processLog } from "./log.ts";
export { BadSetting, type BootOptions, type Role, readOptions } from "./options.ts";
