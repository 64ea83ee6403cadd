export { type AdvisoryLock, advisoryLock } from "./advisory-lock.ts";
export { ensurePostgres, type Postgres, type PostgresOptions } from "./ensure.ts";
export { migrate } from "./migrate.ts";
