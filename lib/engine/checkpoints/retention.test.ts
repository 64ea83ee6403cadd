import { expect, test } from "vitest";
import { aVm, checkpointNumber, hostNumber } from "../../decide/testing/clouds.ts";
import { type Checkpoint, type CheckpointId, defaultPolicy, type VmId } from "../../model/index.ts";
import { virtualClock } from "../../sim/index.ts";
import { Retention } from "./retention.ts";

const hour = 60 * 60_000;
const vm = aVm(1, hostNumber(1));

const aCheckpoint = (n: number): Checkpoint => ({
  ...{ id: checkpointNumber(n), vmId: vm.id, at: n, method: "background", state: "valid", generation: 0, runId: 1 },
  ...{
    pauseMs: 1,
    tookMs: 1,
    wholeBytes: 1,
    changedBytes: 1,
    storedBytes: 1,
    verifiedAt: null,
    kept: false,
    words: "",
  },
});

/** A VM of which eight are there, newest first. */
function bench() {
  const clock = virtualClock(0);
  const rows = Array.from({ length: 8 }, (_, n) => aCheckpoint(n)).reverse();
  const intervals = new Map<VmId, number>();
  const unsure = new Set<CheckpointId>();
  const asked = { read: 0 };
  const env = {
    ...{ clock, log: { info: () => {}, warn: () => {}, error: () => {} } },
    store: {
      checkpointCounts: async () => new Map([[vm.id, rows.length]]),
      checkpointIntervals: async () => intervals,
      vm: async () => vm,
      openIncidentsOf: async () => new Map(),
      pendingWishes: async () => [],
      policy: async () => defaultPolicy,
      checkpointsOf: async () => {
        asked.read++;
        return [...rows];
      },
      removeCheckpoints: async (ids: readonly CheckpointId[]) => {
        for (const id of ids)
          rows.splice(
            rows.findIndex((row) => row.id === id),
            1,
          );
        return ids;
      },
    },
    checkpoints: { standing: async () => ({ store: "here", unsure, damaged: [] }), drop: async () => {} },
  };
  const work: Promise<void>[] = [];
  const retention = new Retention(env, (it) => work.push(it));
  const after = async (ms: number, saved: { readonly has: (vm: VmId) => boolean } = intervals, kept = 8) => {
    await clock.advance(ms);
    retention.look({ kept, saved, asked: new Set(), isFull: false, answeredAt: () => undefined });
    await Promise.all(work);
  };
  return { rows, intervals, unsure, asked, after };
}

test("of a VM that is not to be saved any more two stay, a day after that was seen", async () => {
  const { rows, after } = bench();
  await after(hour);
  await after(23 * hour);
  expect(rows).toHaveLength(8);
  await after(2 * hour);
  expect(rows.map(({ id }) => id)).toEqual([7, 6].map(checkpointNumber));
});

test("the day begins anew with each time that saving is switched off", async () => {
  const { rows, intervals, after } = bench();
  await after(hour);
  intervals.set(vm.id, 5000);
  await after(22 * hour);
  intervals.clear();
  await after(hour);
  await after(23 * hour);
  expect(rows).toHaveLength(8);
});

test("a VM that is saved again since the round began loses nothing", async () => {
  const { rows, intervals, after } = bench();
  const none = new Set<VmId>();
  await after(hour, none);
  intervals.set(vm.id, 5000);
  await after(25 * hour, none);
  expect(rows).toHaveLength(8);
});

test("a VM of which nothing could go is left alone for a while, or until it has more or fewer", async () => {
  const { rows, intervals, unsure, asked, after } = bench();
  intervals.set(vm.id, 5000);
  for (const { id } of rows) unsure.add(id);
  await after(60_000, intervals, 3);
  for (let n = 0; n < 10; n++) await after(60_000, intervals, 3);
  expect(asked.read).toBe(1);
  rows.unshift(aCheckpoint(8));
  await after(60_000, intervals, 3);
  expect(asked.read).toBe(2);
  await after(hour, intervals, 3);
  expect(asked.read).toBe(3);
});
