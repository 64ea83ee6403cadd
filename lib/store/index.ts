export { openStore, type Store } from "./open-store.ts";
export {
  type AdvisoryLock,
  advisoryLock,
  ensurePostgres,
  migrate,
  type Postgres,
  type PostgresOptions,
} from "./postgres/index.ts";
