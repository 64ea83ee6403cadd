import { expect, test } from "vitest";
import { checkpointNumber } from "../../decide/testing/clouds.ts";
import { virtualClock } from "../../sim/index.ts";
import { dropRemoved } from "./keep-few.ts";

const day = 24 * 60 * 60_000;

test("what VMs have left that were removed long ago is dropped: rows first, bytes until the store has done it", async () => {
  const clock = virtualClock(100 * day);
  const rows = new Map([1, 2, 3].map((n) => [checkpointNumber(n), (n === 3 ? 90 : 60 + n) * day]));
  const bytes = new Set(rows.keys());
  let storeIsAway = true;
  const env = {
    ...{ clock, log: { info: () => {}, warn: () => {}, error: () => {} } },
    store: {
      checkpointsOfRemoved: async (before: number) => [...rows].flatMap(([id, at]) => (at < before ? [id] : [])),
      removeCheckpoints: async (ids: readonly ReturnType<typeof checkpointNumber>[]) => {
        for (const id of ids) rows.delete(id);
        return ids;
      },
    },
    checkpoints: {
      drop: async (ids: readonly ReturnType<typeof checkpointNumber>[]) => {
        if (storeIsAway) throw new Error("the store does not answer");
        for (const id of ids) bytes.delete(id);
      },
    },
  };
  await dropRemoved(env);
  expect([...rows.keys()]).toEqual([checkpointNumber(3)]);
  expect(bytes.size).toBe(3);
  storeIsAway = false;
  await clock.advance(21 * day);
  await dropRemoved(env);
  expect(bytes.size).toBe(0);
});
