import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../../engine/ports.ts";

export interface Listener {
  /** Calls `hear` for every notification on the channel, and with undefined after a time in which some may have been missed. */
  on(channel: string, hear: (payload: string | undefined) => void): () => void;
  close(): Promise<void>;
}

const firstPauseMs = 100;
const longestPauseMs = 5000;
const beatMs = 10_000;

async function connect(databaseUrl: string, channels: readonly string[]): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 10_000,
    query_timeout: 5000,
    keepAlive: true,
    application_name: "belay listener",
  });
  client.on("error", () => undefined); // `end` follows
  try {
    await client.connect();
    for (const channel of channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** Resolves when the connection is over. A dead peer says nothing, so it is asked now and then. */
function untilBroken(client: pg.Client, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearInterval(beat);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const beat = setInterval(() => client.query("SELECT 1").catch(finish), beatMs);
    client.once("end", finish);
    signal.addEventListener("abort", finish, { once: true });
  });
}

/**
 * Hears PostgreSQL's notifications on a connection of its own, which is made anew when it breaks. Rejects when the first connection
 * cannot be made.
 */
export async function openListener(
  databaseUrl: string,
  channels: readonly string[],
  log: Log | undefined,
): Promise<Listener> {
  const ears = new Map<string, Set<(payload: string | undefined) => void>>(channels.map((name) => [name, new Set()]));
  const closed = new AbortController();
  const tell = (channel: string, payload: string | undefined) => {
    for (const hear of ears.get(channel) ?? []) {
      try {
        hear(payload);
      } catch (error) {
        log?.error("a listener of the store threw", { channel, error });
      }
    }
  };
  const attach = (client: pg.Client) =>
    client.on("notification", ({ channel, payload }) => tell(channel, payload ?? ""));

  let client: pg.Client | undefined = attach(await connect(databaseUrl, channels));

  const keep = async () => {
    let pauseMs = firstPauseMs;
    while (!closed.signal.aborted) {
      if (client !== undefined) {
        await untilBroken(client, closed.signal);
        await client.end().catch(() => undefined);
        client = undefined;
        if (closed.signal.aborted) return;
        log?.warn("the connection that hears the database's notifications broke; opening another");
      }
      try {
        client = attach(await connect(databaseUrl, channels));
        pauseMs = firstPauseMs;
        for (const channel of channels) tell(channel, undefined);
      } catch {
        await pause(pauseMs, undefined, { signal: closed.signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
    await client?.end().catch(() => undefined);
  };
  const keeping = keep();

  return {
    on(channel, hear) {
      const set = ears.get(channel);
      if (set === undefined) throw new Error(`nobody listens on ${channel}`);
      set.add(hear);
      return () => void set.delete(hear);
    },
    async close() {
      closed.abort();
      await keeping;
    },
  };
}
