import type { EpochMs } from "../../model/index.ts";
import type { Database, Transaction } from "../database.ts";
import { toJson } from "../json.ts";
import { instant } from "../rows/narrow.ts";
import { type StoreChange, subjectsOf } from "./change.ts";
import { channels, type WakeKind } from "./channels.ts";
import { WriteQueue } from "./queue.ts";

/** What a write has in its hands. Everything said here is committed, or not, together with the rows. */
export interface Write {
  readonly db: Transaction;
  /** One sentence for the log (it may name hosts: only providers read it) and the thing as it now is. */
  emit(at: EpochMs, words: string, change: StoreChange): void;
  wake(what: WakeKind): void;
}

export type Writer = <T>(work: (write: Write) => Promise<T>) => Promise<T>;

const waitingWrites = 10_000;
const deadlineMs = 15_000;

/**
 * The way of every write. It takes the lock of the counter's row first and keeps it until the commit, so writes of all processes follow
 * one another: what a write reads stays true until it commits, event numbers have no gaps, and they become visible in order.
 * One write takes 5 to 10 ms on two busy cores, so 100 to 200 of them a second: far above what a cloud of thousands of VMs needs, and
 * there is no order of locks to get wrong. What is known already is not written at all.
 */
export function createWriter(database: Database): Writer {
  const queue = new WriteQueue(waitingWrites);
  return (work) =>
    queue.run(() =>
      database.$transaction(
        async (db) => {
          const counter = await db.$queryRaw<
            { last: bigint }[]
          >`SELECT last FROM event_counter WHERE id = 1 FOR UPDATE`;
          const last = counter[0]?.last;
          if (last === undefined) throw new Error("the table event_counter has lost its row: restore it from a backup");
          const events: { at: EpochMs; words: string; change: StoreChange }[] = [];
          const wakes = new Set<WakeKind>();
          const result = await work({
            db,
            emit: (at, words, change) => void events.push({ at, words, change }),
            wake: (what) => void wakes.add(what),
          });
          if (events.length > 0) {
            await db.event.createMany({
              data: events.map(({ at, words, change }, index) => ({
                seq: last + BigInt(index + 1),
                at: instant(at),
                words,
                change: toJson(change),
                ...subjectsOf(change),
              })),
            });
            const newest = last + BigInt(events.length);
            await db.$executeRaw`
              WITH counted AS (UPDATE event_counter SET last = ${newest} WHERE id = 1)
              SELECT pg_notify(${channels.events}, '')`;
          }
          for (const what of wakes) await db.$executeRaw`SELECT pg_notify(${channels.wakes}, ${what})`;
          return result;
        },
        { maxWait: deadlineMs, timeout: deadlineMs },
      ),
    );
}
