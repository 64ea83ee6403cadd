import type { EventFeed, StoredEvent } from "../../engine/ports.ts";
import type { EpochMs } from "../../model/index.ts";

/** The numbered events. Numbers grow by one from 1, in the order of the commits. */
export interface EventLog {
  readonly feed: EventFeed;
  /** `change` is a `Change` of lib/contract as plain JSON: rows are never changed, so they may be kept as they are. */
  append(at: EpochMs, words: string, change: { readonly kind: string } & Record<string, unknown>): void;
  all(): readonly StoredEvent[];
  /** Hears each event as it is committed. */
  onEvent(hear: (event: StoredEvent) => void): void;
}

export function createEventLog(): EventLog {
  const events: StoredEvent[] = [];
  const hearers: ((event: StoredEvent) => void)[] = [];
  const wakers = new Set<() => void>();
  let waking = false;
  return {
    all: () => events,
    onEvent: (hear) => void hearers.push(hear),
    append(at, words, change) {
      const event = { seq: events.length + 1, at, words, change };
      events.push(event);
      for (const hear of hearers) hear(event);
      if (waking) return;
      waking = true;
      queueMicrotask(() => {
        waking = false;
        for (const wake of [...wakers]) wake();
      });
    },
    feed: {
      after: async (seq, limit) => events.slice(seq, seq + limit),
      lastSeq: async () => events.length,
      onNews(wake) {
        wakers.add(wake);
        return () => void wakers.delete(wake);
      },
    },
  };
}
