import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import { died, enrol, type StoreBench, sight, storeBench } from "./testing/fixtures.ts";
import { relocating, twoHosts } from "./testing/hosts-that-fail.ts";
import { seededIds } from "./testing/seeded.ts";

let bench: StoreBench;
beforeAll(async () => {
  bench = await storeBench();
});
afterAll(() => bench.close());

const seq = () => bench.store.feed.lastSeq();

describe("planning the VMs of a lost host", () => {
  test("gives each one repair, also when it is done twice or by two at a time", async () => {
    const { plans, repairs } = await relocating(bench, "planned");
    expect(repairs).toHaveLength(2);
    const before = await seq();
    const again = await Promise.all([1, 2].map(() => bench.engine.planRelocations(plans, 4200)));
    expect(again).toEqual([repairs, repairs]);
    expect(await seq()).toBe(before);
  });

  test("hands over in words what cannot be done, and plans it when it can", async () => {
    const { opened, plans, repairs } = await relocating(bench, "room", ["a"]);
    const [repair] = repairs;
    const [plan] = plans;
    if (repair === undefined || plan === undefined) throw new Error("there is one VM");
    await bench.engine.beginRepair(repair, 4200);
    const end = { state: "handed-over", incident: "handed-over", words: "It did not start.", tr: null } as const;
    await bench.engine.endRepair(repair, end, 4300);
    const refused = [{ ...plan, plan: { refusal: "No host has room for it." } }];
    expect(await bench.engine.planRelocations(refused, 4400)).toEqual([]);
    const [part] = await bench.engine.partsOf(opened.incidentId);
    expect(part?.incident).toMatchObject({ state: "handed-over", words: "No host has room for it." });
    const [anew] = await bench.engine.planRelocations(plans, 4500);
    expect(anew).not.toBe(repair);
    expect(await bench.service.incident(plan.incidentId)).toMatchObject({ state: "open" });
  });
});

describe("claiming a VM", () => {
  test("twice is once, from two processes too; another host is another generation", async () => {
    const { host, other, vm, repairId } = await relocating(bench, "claimed", ["a"]);
    const third = await enrol(bench, "claimed-three");
    const process = await openStore({ databaseUrl: bench.database.url, ids: seededIds(79) });
    try {
      const [one, two] = await Promise.all([
        bench.engine.claimVm(repairId, other.id, false, 4200),
        process.engine.claimVm(repairId, other.id, false, 4200),
      ]);
      expect(one).toEqual(two);
      expect(one).toMatchObject({ generation: 1, from: host.id, vm: { id: vm.id, hostId: other.id, generation: 1 } });
      expect(one?.vm).toMatchObject({ state: "stopped", runId: null });
    } finally {
      await process.close();
    }
    expect(await bench.engine.claimVm(repairId, third.id, false, 4300)).toMatchObject({
      ...{ generation: 2, from: other.id, vm: { hostId: third.id } },
    });
    // Back on the one before it is one more: what may have been left there is older.
    expect(await bench.engine.claimVm(repairId, other.id, false, 4400)).toMatchObject({ generation: 3 });
    expect(await bench.engine.openIncidentsOf(host.id)).toEqual(new Map());
    expect(await bench.engine.openIncidentsOf(other.id)).toEqual(new Map([[vm.id, "open"]]));
  });

  test("is refused while nothing proves that it cannot run where it is, and by a repair that ended", async () => {
    const { other, vm } = await twoHosts(bench, "unproven", ["a"]);
    const opened = await bench.engine.openIncident(died(vm.id, { plan: { technique: "relocate", words: "Go." } }));
    if (opened?.repairId === undefined) throw new Error("it has a repair");
    const before = await seq();
    expect(await bench.engine.claimVm(opened.repairId, other.id, false, 4000)).toBeUndefined();
    expect(await seq()).toBe(before);
    // The living host let it go.
    expect(await bench.engine.claimVm(opened.repairId, other.id, true, 4100)).toMatchObject({ generation: 1 });
    await bench.engine.beginRepair(opened.repairId, 4200);
    const end = { state: "handed-over", incident: "handed-over", words: "No.", tr: null } as const;
    await bench.engine.endRepair(opened.repairId, end, 4300);
    expect(await bench.engine.claimVm(opened.repairId, vm.hostId, true, 4400)).toBeUndefined();
    expect(await bench.service.vm(vm.id)).toMatchObject({ hostId: other.id, generation: 1 });
  });

  test("does not count against the restart limit where the host was at fault", async () => {
    const { vm, repairId } = await relocating(bench, "limit", ["a"]);
    await bench.engine.beginRepair(repairId, 4200);
    expect(await bench.engine.repairsSince(vm.id, 0)).toBe(0);
  });
});

describe("a VM that is moved", () => {
  test("is one VM wherever it shows, and is the other host's once that is recorded", async () => {
    const { host, other, vm } = await twoHosts(bench, "moved", ["a"]);
    const shown = await bench.engine.adoptVm(other.id, sight("moved-a"), null, "running", 3000);
    expect(shown).toEqual(vm);
    expect(await bench.engine.recordMoving(vm.id, other.id, 3100)).toMatchObject({ movingTo: other.id });
    expect(await bench.engine.recordMoved(vm.id, other.id, "it was moved by hand.", 3200)).toMatchObject({
      ...{ hostId: other.id, movingTo: null, generation: 0 },
    });
    const before = await seq();
    await bench.engine.recordMoved(vm.id, other.id, "it was moved by hand.", 3300);
    await bench.engine.recordMoving(vm.id, null, 3300);
    expect(await seq()).toBe(before);
    expect(await bench.engine.vmsOf(host.id)).toEqual([]);
  });

  test.each([
    ["is forgotten where its own host says what runs there", "up", false],
    ["is kept where its own host cannot say whether it arrived", "silent", true],
  ] as const)("to a host that is removed: that %s", async (_, state, kept) => {
    const { host, other, vm } = await twoHosts(bench, `removed-${state}`, ["a"]);
    await bench.engine.recordHost(host.id, state, 3000, null);
    await bench.engine.recordMoving(vm.id, other.id, 3100);
    await bench.service.removeHost(other.id, bench.admin, 3200);
    expect(await bench.service.vm(vm.id)).toMatchObject({ movingTo: kept ? other.id : null });
  });

  test("has one row, whoever writes it", async () => {
    const { vm, other } = await twoHosts(bench, "unique", ["a"]);
    const adopted = await Promise.all(
      [1, 2, 3].map(() => bench.engine.adoptVm(other.id, sight("unique-a"), null, "running", 3000)),
    );
    expect(new Set(adopted.map((it) => it.id))).toEqual(new Set([vm.id]));
  });
});
