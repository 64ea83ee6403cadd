import type { EngineStore, EventFeed, Ids, ServiceStore, StoredEvent, Wakes } from "../../engine/ports.ts";
import { createWriter } from "./changes.ts";
import { createEventLog } from "./event-log.ts";
import { intents } from "./intents.ts";
import { people } from "./people.ts";
import { repairing } from "./repairing.ts";
import { createTables, type Tables } from "./tables.ts";
import { watching } from "./watching.ts";

export interface MemoryStore {
  readonly engine: EngineStore;
  readonly service: ServiceStore;
  readonly feed: EventFeed;
  readonly wakes: Wakes;
  /** For checks: the rows as they are, and every event. */
  readonly tables: Readonly<Tables>;
  events(): readonly StoredEvent[];
  /** Hears each event as it is committed. */
  onEvent(hear: (event: StoredEvent) => void): void;
}

/**
 * lib/store without PostgreSQL: the same rules on maps. Every call is one transaction, done at once when it is made;
 * a process that dies takes nothing of it along (lib/sim/life.ts decides what its calls still did).
 */
export function memoryStore(options: { ids: Ids }): MemoryStore {
  const { ids } = options;
  const tables = createTables();
  const log = createEventLog();
  const write = createWriter(tables, log);
  const wakers = new Set<Parameters<Wakes["onWake"]>[0]>();
  const wake: Parameters<Wakes["onWake"]>[0] = (what) =>
    queueMicrotask(() => {
      for (const waker of [...wakers]) waker(what);
    });
  const intent = intents(tables, ids, () => wake("intents"));
  return {
    engine: { ...watching(tables, write, ids), ...repairing(tables, write, ids), ...intent.engine },
    service: { ...people(tables, write, log, wake), ...intent.people },
    feed: log.feed,
    wakes: {
      onWake(waker) {
        wakers.add(waker);
        return () => void wakers.delete(waker);
      },
    },
    tables,
    events: log.all,
    onEvent: log.onEvent,
  };
}
