import type { EngineStore, EventFeed, Ids, Log, ServiceStore, Wakes } from "../engine/ports.ts";
import { openDatabase } from "./database.ts";
import { engineStore } from "./engine/index.ts";
import { engineWakes, eventFeed } from "./feed/feed.ts";
import { openListener } from "./feed/listener.ts";
import { serviceStore } from "./service/index.ts";
import { channels } from "./write/channels.ts";
import { createWriter } from "./write/writer.ts";

export interface Store {
  readonly engine: EngineStore;
  readonly service: ServiceStore;
  readonly feed: EventFeed;
  readonly wakes: Wakes;
  close(): Promise<void>;
}

/** Opens the store of a database that `migrate` has brought up to date. Rejects when the database does not answer. */
export async function openStore(options: {
  readonly databaseUrl: string;
  readonly ids: Ids;
  /** Hears of broken connections; the store mends them itself. */
  readonly log?: Log;
}): Promise<Store> {
  const { databaseUrl, ids, log } = options;
  const listener = await openListener(databaseUrl, Object.values(channels), log);
  const database = openDatabase(databaseUrl, log);
  const parts = { database, ids, listener, write: createWriter(database) };
  return {
    engine: engineStore(parts),
    service: serviceStore(parts),
    feed: eventFeed(database, listener),
    wakes: engineWakes(listener),
    async close() {
      await listener.close();
      await database.$disconnect();
    },
  };
}
