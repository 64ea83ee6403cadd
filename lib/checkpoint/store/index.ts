export type { DamageReport } from "./damage.ts";
export type { EncryptionOptions } from "./domain.ts";
export { type LocalStore, openStore, type StoreOptions } from "./store.ts";
