import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import { died, failedVm, runningVm, type StoreBench, storeBench } from "./testing/fixtures.ts";
import { seededIds } from "./testing/seeded.ts";

let bench: StoreBench;
beforeAll(async () => {
  bench = await storeBench();
});
afterAll(() => bench.close());

const newEvents = async (work: () => Promise<unknown>) => {
  const before = await bench.store.feed.lastSeq();
  await work();
  return (await bench.store.feed.after(before, 1000)).map((event) => event.change);
};

describe("opening an incident", () => {
  test("writes incident, plan and one event together", async () => {
    const { vm, host } = await runningVm(bench, "one");
    const changes = await newEvents(() => bench.engine.openIncident(died(vm.id)));
    expect(changes).toMatchObject([
      {
        kind: "incident.changed",
        incident: {
          ...{ vmId: vm.id, hostId: host.id, state: "open", tp: 3000, td: 3010, tr: null, endedAt: null },
          evidence: [{ words: "The hypervisor said: stopped failed.", audience: "provider" }],
          repairs: [{ state: "planned", technique: "revive-vm", plannedAt: 3010, steps: [] }],
        },
      },
    ]);
    expect(await bench.engine.openIncidentsOf(host.id)).toEqual(new Map([[vm.id, "open"]]));
  });

  test("of twenty racers from two processes one opens it", async () => {
    const { vm } = await runningVm(bench, "raced");

    const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(77) });
    try {
      const racers = Array.from({ length: 20 }, (_, racer) =>
        (racer % 2 === 0 ? bench.engine : other.engine).openIncident(died(vm.id)),
      );
      const opened = (await Promise.all(racers)).filter((one) => one !== undefined);
      expect(opened).toHaveLength(1);
      const incidents = await bench.service.incidents({ limit: 10, vmId: vm.id });
      expect(incidents).toHaveLength(1);
      expect(incidents[0]?.repairs).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test("with a refusal hands it over from the start, and it stays until the VM is well", async () => {
    const { vm, host } = await runningVm(bench, "refused");
    const refusal = { refusal: "Its owner did not allow restarts." };
    const opened = await bench.engine.openIncident(died(vm.id, { plan: refusal, words: refusal.refusal }));
    expect(opened).toEqual({ incidentId: expect.stringMatching(/^inc_/), repairId: undefined });
    expect(await bench.engine.openIncidentsOf(host.id)).toEqual(new Map([[vm.id, "handed-over"]]));
    expect(await bench.engine.openIncident(died(vm.id))).toBeUndefined();

    const changes = await newEvents(async () => {
      await bench.engine.clearIncident(vm.id, "It is well again.", 9000);
      await bench.engine.clearIncident(vm.id, "It is well again.", 9100);
    });
    expect(changes).toMatchObject([{ incident: { state: "cleared", endedAt: 9000, words: "It is well again." } }]);
    expect(await bench.engine.openIncident(died(vm.id))).toBeDefined();
  });

  test("does nothing for a VM that was removed", async () => {
    const { vm, host } = await runningVm(bench, "removed");
    await bench.service.removeHost(host.id, bench.admin, 2500);
    expect(await bench.engine.openIncident(died(vm.id))).toBeUndefined();
  });
});

describe("a repair", () => {
  test("goes from plan to end, and every change is told with the whole incident", async () => {
    const { vm, incidentId, repairId } = await failedVm(bench, "whole");
    expect(await bench.engine.repairWork(repairId)).toMatchObject({
      repair: { id: repairId, state: "planned" },
      incident: { id: incidentId, state: "open" },
      vm: { id: vm.id },
      definition: "<domain/>",
    });
    const changes = await newEvents(async () => {
      await bench.engine.beginRepair(repairId, 3100);
      await bench.engine.stepStarted(repairId, "bring up", 3110);
      await bench.engine.stepStarted(repairId, "bring up", 3120); // the engine was killed in between
      await bench.engine.stepEnded(repairId, "bring up", { state: "done", words: "Started.", detail: null }, 3130);
      await bench.engine.stepStarted(repairId, "verify", 3140);
      await bench.engine.stepEnded(
        repairId,
        "verify",
        { state: "done", words: "The guest answers.", detail: null },
        3150,
      );
      await bench.engine.endRepair(
        repairId,
        { state: "succeeded", incident: "repaired", words: "It answers again.", tr: 3150 },
        3160,
      );
    });
    expect(changes).toHaveLength(7);
    expect(changes.at(-1)).toEqual({ kind: "incident.changed", incident: await bench.service.incident(incidentId) });
    const step = { state: "done", finishedAt: expect.any(Number) };
    expect(await bench.service.incident(incidentId)).toMatchObject({
      ...{ state: "repaired", words: "It answers again.", tr: 3150, endedAt: 3160 },
      repairs: [
        {
          ...{ state: "succeeded", finishedAt: 3160, words: "Start it again." },
          steps: [
            { ...step, name: "bring up", attempts: 2, startedAt: 3110, words: "Started." },
            { ...step, name: "verify", attempts: 1, startedAt: 3140 },
          ],
        },
      ],
    });
  });

  test("each of its writes twice is once", async () => {
    const { incidentId, repairId } = await failedVm(bench, "twice");
    const twice = async (write: () => Promise<void>) =>
      (
        await newEvents(async () => {
          await write();
          await write();
        })
      ).length;
    const end = { state: "handed-over", incident: "handed-over", words: "It does not answer.", tr: null } as const;
    expect(await twice(() => bench.engine.beginRepair(repairId, 3100))).toBe(1);
    await bench.engine.stepStarted(repairId, "verify", 3110);
    expect(
      await twice(() =>
        bench.engine.stepEnded(repairId, "verify", { state: "failed", words: "Silence.", detail: null }, 3120),
      ),
    ).toBe(1);
    expect(await twice(() => bench.engine.endRepair(repairId, end, 3130))).toBe(1);
    const before = await bench.service.incident(incidentId);

    // After the end: beginning is harmless, the first end stays, and no effect may start.
    const late = await newEvents(async () => {
      await bench.engine.beginRepair(repairId, 4000);
      await bench.engine.endRepair(repairId, { ...end, state: "not-needed", incident: "cleared" }, 4000);
    });
    expect(late).toEqual([]);
    await expect(bench.engine.stepStarted(repairId, "verify", 4000)).rejects.toMatchObject({ code: "conflict" });
    expect(await bench.service.incident(incidentId)).toEqual(before);
    expect(before).toMatchObject({
      ...{ state: "handed-over", endedAt: null },
      repairs: [{ state: "handed-over", words: "Start it again. It does not answer.", finishedAt: 3130 }],
    });
  });

  test("cannot go where the tables of the model do not lead", async () => {
    const { repairId } = await failedVm(bench, "table");
    const end = { words: "no", tr: null } as const;
    const refused = { code: "conflict" };
    await expect(bench.engine.stepStarted(repairId, "bring up", 3100)).rejects.toMatchObject(refused);
    await expect(
      bench.engine.endRepair(repairId, { ...end, state: "succeeded", incident: "repaired" }, 3100),
    ).rejects.toMatchObject(refused);
    await expect(
      bench.engine.endRepair(repairId, { ...end, state: "running", incident: "repairing" }, 3100),
    ).rejects.toMatchObject({ code: "bad-input" });
    await bench.engine.beginRepair(repairId, 3200);
    await expect(
      bench.engine.endRepair(repairId, { ...end, state: "handed-over", incident: "open" }, 3300),
    ).rejects.toMatchObject(refused);
    // A refusal wrote nothing of what it had done before it.
    expect((await bench.engine.repairWork(repairId)).repair).toMatchObject({ state: "running", finishedAt: null });
  });

  test("that is at work keeps its incident from being cleared", async () => {
    const { vm, repairId } = await failedVm(bench, "busy");
    await bench.engine.beginRepair(repairId, 3100);
    expect(await newEvents(() => bench.engine.clearIncident(vm.id, "It is well.", 3200))).toEqual([]);
  });

  test("of a fault that people injected does not count against the limit", async () => {
    const { vm } = await runningVm(bench, "broken-on-purpose");
    const opened = await bench.engine.openIncident({ ...died(vm.id), tpSource: "injected" });
    if (opened?.repairId === undefined) throw new Error("no repair was planned");
    await bench.engine.beginRepair(opened.repairId, 3100);
    expect(await bench.engine.repairsSince(vm.id, 0)).toBe(0);
  });

  test("counts against the limit once it began, unless it was not needed", async () => {
    const { vm, repairId } = await failedVm(bench, "limit");
    expect(await bench.engine.repairsSince(vm.id, 0)).toBe(0);
    await bench.engine.beginRepair(repairId, 3100);
    expect(await bench.engine.repairsSince(vm.id, 3100)).toBe(1);
    expect(await bench.engine.repairsSince(vm.id, 3101)).toBe(0);
    const end = { state: "not-needed", incident: "cleared", words: "It was well.", tr: 3100 } as const;
    await bench.engine.endRepair(repairId, end, 3200);
    expect(await bench.engine.repairsSince(vm.id, 0)).toBe(0);
  });

  test("is open until it ends, oldest first", async () => {
    const earlier = await failedVm(bench, "first");
    const later = await failedVm(bench, "second");
    const open = await bench.engine.openRepairs();
    expect(open.indexOf(earlier.repairId)).toBeLessThan(open.indexOf(later.repairId));
    const end = { state: "handed-over", incident: "handed-over", words: "no", tr: null } as const;
    await bench.engine.endRepair(earlier.repairId, end, 3200);
    expect(await bench.engine.openRepairs()).not.toContain(earlier.repairId);
  });
});
