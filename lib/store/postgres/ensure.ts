import pg from "pg";
import { serverAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { clusterPassword, makeCluster, superuser } from "./cluster.ts";
import { preparePlaces } from "./places.ts";
import { clearZombieLocks, lockFile, pidIn, serves, socketPort, startServer, stopServer } from "./postmaster.ts";
import { anyoneWorksIn, eventually, isAlive } from "./processes.ts";

export interface PostgresOptions {
  /** The cluster. The directory that holds it counts as Belay's own. */
  readonly dataDir: string;
  /** Where its socket is made; a path too long for a socket is replaced by a short one in the temporary directory. */
  readonly socketDir: string;
  readonly database?: string;
  /** As root: the account that PostgreSQL runs under. Default `postgres`, else `nobody`. */
  readonly runAs?: string;
  /** As root: where cluster and programs go when that account cannot enter their own place (a project under /root). */
  readonly fallbackDir?: string;
  /** For tests: nothing is synced to disk. */
  readonly volatile?: boolean;
  /** The server stops when we die, also by kill -9. Without it the next start adopts it. */
  readonly dieWithParent?: boolean;
}

export interface Postgres {
  /** Over the unix socket, as `postgresql://…@localhost/DATABASE?host=DIRECTORY`; understood by pg, Prisma, DBOS and psql. */
  readonly url: string;
  /** The same server, another database. */
  urlOf(database: string): string;
  readonly pid: number;
  /** True when the server was running already: its last owner was killed. */
  readonly adopted: boolean;
  /** Where the cluster really is; not what was asked for where `fallbackDir` was needed. */
  readonly dataDir: string;
  stop(): Promise<void>;
}

/** How long a server that is there may take until it answers: after a crash of a busy one it recovers first. */
const arrivalMs = 60_000;

async function makeDatabase(config: pg.ClientConfig, name: string): Promise<void> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: 10_000, query_timeout: 30_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && ["42P04", "23505"].includes(error.code ?? ""))) throw error; // made in between
  } finally {
    await client.end();
  }
}

/**
 * A PostgreSQL 18 of our own from npm's binaries: made if it is not there, adopted if it runs, started if not. Two at the same time
 * get the same one. Deadline: about two minutes.
 */
export async function ensurePostgres(options: PostgresOptions): Promise<Postgres> {
  const { database = "belay", fallbackDir = "/var/lib/belay", volatile = false, dieWithParent = false } = options;
  const account = serverAccount(options.runAs);
  const binaries = await findBinaries(account, fallbackDir);
  const places = await preparePlaces(options, account, fallbackDir);
  const password = await clusterPassword(places.dataDir);
  await makeCluster(places.dataDir, { initdb: binaries.initdb, password, account, volatile });

  const config = { host: places.socketDir, port: socketPort, user: superuser, password, database: "postgres" };
  const running = async () => {
    const pid = await pidIn(lockFile(places));
    return pid !== undefined && (await isAlive(pid)) && (await serves(config, places.dataDir)) ? pid : undefined;
  };
  /** Waits for a server that is there and does not answer yet: it is starting, recovering, or its last processes are leaving. */
  const settled = async () => {
    let pid: number | undefined;
    await eventually(async () => {
      pid = await running();
      return pid !== undefined || !(await anyoneWorksIn(places.dataDir));
    }, arrivalMs);
    return pid;
  };
  let pid = await settled();
  const adopted = pid !== undefined;
  let words = "it is there and does not answer";
  for (let attempt = 0; pid === undefined && attempt < 3; attempt++) {
    await clearZombieLocks(places);
    const started = await startServer(places, {
      postgres: binaries.postgres,
      account,
      volatile,
      dieWithParent,
      config,
    });
    if (started.ready) pid = started.pid;
    else words = started.words;
    pid ??= await settled(); // another start may have been faster
  }
  if (pid === undefined) throw new Error(`PostgreSQL in ${places.dataDir} does not start: ${words}`);
  const server = pid;
  await makeDatabase(config, database);
  const urlOf = (name: string) =>
    `postgresql://${superuser}:${encodeURIComponent(password)}@localhost:${socketPort}/${encodeURIComponent(name)}?host=${encodeURIComponent(places.socketDir)}`;
  return { url: urlOf(database), urlOf, pid: server, adopted, dataDir: places.dataDir, stop: () => stopServer(server) };
}
