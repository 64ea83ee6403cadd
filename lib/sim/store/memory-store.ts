import type { EngineStore, EventFeed, Ids, ServiceStore, StoredEvent, Wakes } from "../../engine/ports.ts";
import { engineAllocations, peopleAllocations } from "./allocations.ts";
import { engineCheckpoints, peopleCheckpoints } from "./checkpoints.ts";
import { engineCollaboration } from "./collaboration.ts";
import { engineConversation, peopleConversation } from "./conversation.ts";
import { enrolment } from "./enrolment.ts";
import { createEventLog } from "./event-log.ts";
import { fence } from "./fence.ts";
import { hostIncidents } from "./host-incidents.ts";
import { images } from "./images.ts";
import { incidents } from "./incidents.ts";
import { engineIntents, peopleIntents } from "./intents.ts";
import { keys } from "./keys.ts";
import { engineMaintenance, peopleMaintenance } from "./maintenance.ts";
import { managers } from "./managers.ts";
import { owners } from "./owners.ts";
import type { Parts } from "./parts.ts";
import { provider } from "./provider.ts";
import { reads } from "./reads.ts";
import { relocation } from "./relocation.ts";
import { repairs } from "./repairs.ts";
import { engineRetention } from "./retention.ts";
import { createTables, type Tables } from "./tables.ts";
import { watching } from "./watching.ts";
import { engineWishes, peopleWishes } from "./wishes.ts";

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
 * lib/store without PostgreSQL: the same rules on maps, held to by twins.db.test.ts. Every call is one transaction, done at once
 * when it is made; a process that dies takes nothing of it along (lib/sim/life.ts decides which of its calls were still made).
 */
export function memoryStore(options: { ids: Ids }): MemoryStore {
  const { ids } = options;
  const tables = createTables();
  const log = createEventLog();
  const wakers = new Set<Parameters<Wakes["onWake"]>[0]>();
  const wake: Parts["wake"] = (what) =>
    queueMicrotask(() => {
      for (const waker of [...wakers]) waker(what);
    });
  const deliverers = new Set<() => void>();
  const wakeDelivery = () =>
    queueMicrotask(() => {
      for (const deliver of [...deliverers]) deliver();
    });
  const parts: Parts = { tables, log, ids, wake, wakeDelivery };
  const fencing = { ...fence(parts), ...hostIncidents(parts) };
  const engine: EngineStore = {
    ...{ ...watching(parts), ...incidents(parts), ...repairs(parts), ...engineIntents(parts) },
    ...{ ...fencing, ...relocation(parts), ...engineMaintenance(parts) },
    ...{ ...engineCheckpoints(parts), ...engineWishes(parts), ...engineRetention(parts) },
    ...{ ...engineConversation(parts), ...engineCollaboration(parts), ...engineAllocations(parts) },
  };
  const { policy, fenceDevices, hooks, checkpointStatuses } = engine;
  return {
    engine,
    service: {
      ...{ ...reads(tables, log, engine), ...owners(parts), ...enrolment(parts), ...peopleIntents(parts) },
      ...{ policy, fenceDevices, hooks, ...provider(parts), ...peopleMaintenance(parts) },
      ...{ checkpointStatuses, ...peopleCheckpoints(parts), ...peopleWishes(parts) },
      ...{ ...keys(parts), ...images(parts), ...managers(parts), ...peopleConversation(parts) },
      ...peopleAllocations(parts),
      onSayings(deliver) {
        deliverers.add(deliver);
        return () => void deliverers.delete(deliver);
      },
    },
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
