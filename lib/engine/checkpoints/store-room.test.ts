import { expect, test } from "vitest";
import { virtualClock } from "../../sim/index.ts";
import { StoreRoom } from "./store-room.ts";

test("that there is room again is written after that there was none, however long the first write takes", async () => {
  const written: boolean[] = [];
  const first = Promise.withResolvers<void>();
  const work: Promise<void>[] = [];
  const env = {
    ...{ clock: virtualClock(0), log: { info: () => {}, warn: () => {}, error: () => {} } },
    store: {
      recordStoreFull: async (isFull: boolean) => {
        if (isFull) await first.promise;
        written.push(isFull);
      },
    },
  };
  const room = new StoreRoom(env, (it) => work.push(it));
  room.heard({ kind: "store-full" });
  room.heard({ kind: "done" });
  await env.clock.advance(1);
  first.resolve();
  await Promise.all(work);
  expect(written).toEqual([true, false]);
});
