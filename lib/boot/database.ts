import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../engine/ports.ts";
import { type AdvisoryLock, advisoryLock, ensurePostgres } from "../store/index.ts";
import { endsWithin } from "./until.ts";

export interface Database {
  readonly url: string;
  /** Lets go of it. Our own server stops when no other Belay uses it. */
  close(): Promise<void>;
}

/** How often a server that died is started again, at most. */
const restartPauseMs = 1000;
/** A server that was just seen takes a connection within this. */
const arrivalMs = 5000;
/** A connection that was just closed may show for a moment longer. */
const leavingMs = 1000;

/** As `advisoryLock` names its connections: each Belay process holds one of these as long as it lives. */
const presence = (pid: number) => `process ${pid}`;

async function othersConnected(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const ask = "SELECT FROM pg_stat_activity WHERE application_name LIKE 'belay lock process %'";
    for (const until = Date.now() + leavingMs; ; ) {
      if ((await client.query(ask)).rowCount === 0) return false;
      if (Date.now() > until) return true;
      await sleep(50);
    }
  } catch {
    return false; // nobody can be served by a server that does not answer
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * The database: the operator's, or one of our own that we start, adopt after a crash, start again when it dies, and share with other
 * Belay processes on the same directory. The last of them to leave stops it.
 */
export async function openDatabase(options: {
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly simulated: boolean;
  readonly log: Log;
}): Promise<Database> {
  const { dataDir, databaseUrl, simulated, log } = options;
  if (databaseUrl !== undefined) return { url: databaseUrl, close: async () => {} };
  const start = () =>
    ensurePostgres({
      dataDir: path.join(dataDir, "pgdata"),
      socketDir: path.join(dataDir, "run"),
      database: simulated ? "belay_simulated" : "belay", // a simulated host must never be taken for a real one
    });
  let postgres = await start();
  const { url } = postgres;
  const closing = new AbortController();
  let present: AdvisoryLock = advisoryLock(url, presence(process.pid));
  if (!(await endsWithin(arrivalMs, "the first connection to PostgreSQL", present.acquired, log))) {
    await present.release(); // its last user stopped it between our look and our connection
    postgres = await start();
    present = advisoryLock(url, presence(process.pid));
  }

  /** Watches our server: the lost lock is the news of its death. */
  const keep = async () => {
    const closed = new Promise<void>((resolve) => {
      closing.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!closing.signal.aborted) {
      await Promise.race([present.lost, closed]);
      if (closing.signal.aborted) return;
      await present.release();
      log.warn("the connection to Belay's own PostgreSQL broke; it is started again if it died");
      try {
        postgres = await start();
      } catch (error) {
        log.error("Belay's own PostgreSQL does not start; trying again", { error });
        await sleep(restartPauseMs);
      }
      present = advisoryLock(url, presence(process.pid));
    }
  };
  const keeping = keep();

  return {
    url,
    async close() {
      closing.abort();
      await keeping;
      await present.release();
      if (!(await othersConnected(url))) await postgres.stop();
    },
  };
}
