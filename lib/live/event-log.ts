import { type CloudEvent, change } from "../contract/index.ts";
import type { EventFeed, Log, StoredEvent } from "../engine/ports.ts";

export interface EventLog {
  /** Number of the last event that was read. */
  last(): number;
  /** Whether everything after `seq` is at hand. False for numbers before the window, and for numbers that never were. */
  reaches(seq: number): boolean;
  /** In order, at most `limit`, none where `seq` is the last. Only for a `seq` that `reaches`. */
  after(seq: number, limit: number): readonly CloudEvent[];
  /** Calls `grown` after new events were read. */
  onGrown(grown: () => void): void;
  /** Reads the window, then follows. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const batch = 500;

/**
 * The newest `keep` events of the cloud in memory, followed by one reader for all sockets: what many browsers missed is read from
 * the database once. News are hints that may be lost, so it also looks every `pollMs`.
 */
export function eventLog(options: { feed: EventFeed; log: Log; keep: number; pollMs: number }): EventLog {
  const { feed, log, keep, pollMs } = options;
  let events: CloudEvent[] = [];
  /** Number of the event just before the window. */
  let before = 0;
  let last = 0;
  let grown = () => {};
  let stopped = false;
  let wake = () => {};
  let following: Promise<void> = Promise.resolve();

  /** Rows are our own: one that does not parse is a mistake of ours, told in the log, and must not hold up the rest. */
  const parsed = ({ seq, at, words, change: stored }: StoredEvent): CloudEvent[] => {
    const read = change.safeParse(stored);
    if (read.success) return [{ seq, at, words, change: read.data }];
    log.error("an event of the database is not one of the contract", { seq, problem: read.error.message });
    return [];
  };

  const readOn = async (): Promise<boolean> => {
    const rows = await feed.after(last, batch);
    const end = rows.at(-1);
    if (end === undefined) return false;
    events.push(...rows.flatMap(parsed));
    last = end.seq;
    if (last - before > keep) {
      before = last - keep;
      events = events.filter((event) => event.seq > before);
    }
    return rows.length === batch;
  };

  const follow = async () => {
    while (!stopped) {
      const known = last;
      const news = new Promise<void>((resolve) => {
        wake = resolve;
      });
      try {
        while (await readOn()) if (stopped) break;
      } catch (error) {
        log.warn("events could not be read; trying again", { error });
      }
      if (last > known) grown();
      const timer = setTimeout(() => wake(), pollMs);
      if (!stopped) await news;
      clearTimeout(timer);
    }
  };

  let unsubscribe = () => {};
  return {
    last: () => last,
    reaches: (seq) => seq >= before && seq <= last,
    after(seq, limit) {
      // Numbers have no gaps but for rows that did not parse, so the place is near `seq - before`; never after it.
      let from = Math.min(Math.max(seq - before, 0), events.length);
      while (from > 0 && (events[from - 1]?.seq ?? 0) > seq) from--;
      return events.slice(from, from + limit);
    },
    onGrown(call) {
      grown = call;
    },
    async start() {
      last = before = Math.max(0, (await feed.lastSeq()) - keep);
      while (await readOn());
      unsubscribe = feed.onNews(() => wake());
      following = follow();
    },
    async stop() {
      stopped = true;
      unsubscribe();
      wake();
      await following;
    },
  };
}
