import type { EventFeed, Wakes } from "../../engine/ports.ts";
import type { Database } from "../database.ts";
import { epochMs } from "../rows/narrow.ts";
import { channels, wakeKinds } from "../write/channels.ts";
import type { Listener } from "./listener.ts";

/** The most events that one call returns. */
const mostEvents = 10_000;

/** The numbered events. A follower asks for what is after its last number whenever it is woken, and now and then without. */
export const eventFeed = (database: Database, listener: Listener): EventFeed => ({
  async after(seq, limit) {
    const rows = await database.event.findMany({
      where: { seq: { gt: seq } },
      orderBy: { seq: "asc" },
      take: Math.max(0, Math.min(limit, mostEvents)),
    });
    return rows.map((row) => ({ seq: Number(row.seq), at: epochMs(row.at), words: row.words, change: row.change }));
  },
  async lastSeq() {
    return Number((await database.eventCounter.findUniqueOrThrow({ where: { id: 1 } })).last);
  },
  onNews: (wake) => listener.on(channels.events, () => wake()),
});

/** People's changes, for the engine. After a broken connection everything is said to have changed. */
export const engineWakes = (listener: Listener): Wakes => ({
  onWake: (wake) =>
    listener.on(channels.wakes, (payload) => {
      for (const what of wakeKinds) if (payload === undefined || payload === what) wake(what);
    }),
});
