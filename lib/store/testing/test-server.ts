import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensurePostgres, migrate, type Postgres } from "../postgres/index.ts";

/** The database that every test's own is a copy of: the migrations are applied once. */
export const templateDatabase = "belay_template";

export interface TestServer {
  readonly postgres: Postgres;
  stop(): Promise<void>;
}

/** A PostgreSQL in a directory of its own that forgets everything, with the migrated template. It dies with this process. */
export async function startTestServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), "belay-db-"));
  await chmod(directory, 0o711);
  const postgres = await ensurePostgres({
    dataDir: join(directory, "pgdata"),
    socketDir: join(directory, "run"),
    database: templateDatabase,
    volatile: true,
    dieWithParent: true,
  });
  await migrate(postgres.url, fileURLToPath(new URL("../../../prisma/migrations", import.meta.url)));
  return {
    postgres,
    async stop() {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
