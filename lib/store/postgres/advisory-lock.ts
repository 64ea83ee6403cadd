import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";

export interface AdvisoryLock {
  /** Resolves when we hold it, however long that takes: a standby waits here. Never rejects; never resolves after `release`. */
  readonly acquired: Promise<void>;
  /** Resolves when we held it and hold it no more: its connection broke. Whoever it guarded must stop at once. Not by `release`. */
  readonly lost: Promise<void>;
  /** Gives it back, or stops waiting for it. */
  release(): Promise<void>;
}

const retryMs = 500;
const beatMs = 5000;

/**
 * The server notices within about 15 s that a holder's machine vanished, and within 2 s that a waiting one left, and frees the lock.
 * The wait for the lock itself has no end.
 */
const sessionSettings = `SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3;
  SET client_connection_check_interval = '2s'; SET statement_timeout = 0; SET lock_timeout = 0`;

async function connect(databaseUrl: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    application_name: `belay lock ${name}`,
  });
  client.on("error", () => undefined); // `end` follows
  await client.connect();
  try {
    await client.query(sessionSettings);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/**
 * A lock of the whole database by name, on a connection of its own: held as long as this connection lives. PostgreSQL frees it as
 * soon as the holder dies, also by kill -9. While the database is away we keep trying. In pg_stat_activity the connection has the
 * application_name `belay lock NAME`.
 */
export function advisoryLock(databaseUrl: string, name: string): AdvisoryLock {
  const acquired = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  const released = new AbortController();
  let client: pg.Client | undefined;

  /** Resolves when the connection is over; asks for an answer regularly, since a dead peer says nothing. */
  const untilBroken = (held: pg.Client): Promise<void> =>
    new Promise((resolve) => {
      let answered = true;
      const beat = setInterval(() => {
        if (!answered) return finish();
        answered = false;
        held.query("SELECT 1").then(() => {
          answered = true;
        }, finish);
      }, beatMs);
      const finish = () => {
        clearInterval(beat);
        resolve();
      };
      held.once("end", finish);
      released.signal.addEventListener("abort", finish, { once: true });
    });

  const hold = async () => {
    while (!released.signal.aborted) {
      try {
        client = await connect(databaseUrl, name);
        // Its wait ends with an answer, or with the connection when `release` or the server ends that.
        if (!released.signal.aborted) await client.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", [name]);
        break;
      } catch {
        await client?.end().catch(() => undefined);
        client = undefined;
        await pause(retryMs, undefined, { signal: released.signal }).catch(() => undefined);
      }
    }
    if (released.signal.aborted || client === undefined) return;
    acquired.resolve();
    await untilBroken(client);
    if (released.signal.aborted) return;
    lost.resolve();
    await client.end().catch(() => undefined);
  };
  const holding = hold();

  return {
    acquired: acquired.promise,
    lost: lost.promise,
    async release() {
      released.abort();
      await client?.end().catch(() => undefined); // with a query under way this closes the stream, which ends our wait
      await holding;
      await client?.end().catch(() => undefined);
    },
  };
}
