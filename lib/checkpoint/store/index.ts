export { connectStore, StoreAway } from "./client.ts";
export type { DamageReport } from "./damage.ts";
export type { EncryptionOptions } from "./domain.ts";
export { type KeptStore, keepStore, runStore } from "./keeper.ts";
export { findLeaks } from "./leaks.ts";
export { type StoreSettings, socketOf } from "./settings.ts";
export { type LocalStore, openStore, type StoreOptions } from "./store.ts";
