import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { change } from "../contract/index.ts";
import { defaultAgreement, type Vm } from "../model/index.ts";
import { protectedSince, saved } from "./testing/checkpoints.ts";
import { died, runningVm, type StoreBench, storeBench } from "./testing/fixtures.ts";

let bench: StoreBench;
beforeAll(async () => {
  bench = await storeBench(4);
});
afterAll(() => bench.close());

/** The changes that the calls tell. */
async function told(calls: () => Promise<unknown>) {
  const before = await bench.store.feed.lastSeq();
  await calls();
  return (await bench.store.feed.after(before, 1000)).map((event) => ({
    words: event.words,
    change: change.parse(event.change),
  }));
}

describe("checkpoints", () => {
  test("are kept as they were found, newest first whatever their times say, without an event each", async () => {
    const { vm } = await runningVm(bench, "kept");
    const [old, newer] = [saved(bench.ids, vm.id, 17_000), saved(bench.ids, vm.id, 10_000)];
    const events = await told(async () => {
      for (const one of [old, newer, { ...old, words: "again" }]) await bench.engine.recordCheckpoint(one, 18_000);
    });
    expect(events).toEqual([]);
    expect(await bench.engine.checkpointsOf(vm.id)).toEqual([newer, old]);
    expect(await bench.service.checkpoints({ vmId: vm.id, limit: 1 })).toEqual([newer]);

    await bench.engine.recordVerified(newer.id, { ok: false, words: "Segment 3 does not have its checksum." }, 20_000);
    await bench.engine.recordVerified(old.id, { ok: true, words: "Read." }, 20_001);
    expect(await bench.engine.checkpointsOf(vm.id)).toEqual([
      { ...newer, state: "damaged", words: "Segment 3 does not have its checksum.", verifiedAt: 20_000 },
      { ...old, verifiedAt: 20_001 },
    ]);
    const again = { ok: true, words: "Read again: whole." };
    await bench.engine.recordVerified(newer.id, again, 21_000);
    expect(await bench.service.checkpoint(newer.id)).toMatchObject({
      ...{ organizationId: null, checkpoint: { state: "valid", words: again.words } },
    });

    await bench.engine.removeCheckpoints([old.id, bench.ids.next("ckp")], 22_000);
    await bench.engine.recordVerified(old.id, again, 23_000);
    expect((await bench.engine.checkpointsOf(vm.id)).map((it) => it.id)).toEqual([newer.id]);
  });

  test("of a VM that was removed are none, and neither is its status", async () => {
    const { host, vm } = await runningVm(bench, "forgotten");
    await bench.engine.recordCheckpointStatus(protectedSince(vm.id, 1), 3000);
    const wish = { vmId: vm.id, wish: { kind: "capture" }, key: "forgotten" } as const;
    const asked = await bench.service.recordWish(wish, bench.admin, 3500);
    await bench.service.removeHost(host.id, bench.admin, 4000);
    await bench.engine.recordCheckpoint(saved(bench.ids, vm.id, 5000), 5000);
    const events = await told(() => bench.engine.recordCheckpointStatus(protectedSince(vm.id, 90_000), 90_000));
    expect(events).toEqual([]);
    expect(await bench.engine.checkpointsOf(vm.id)).toEqual([]);
    expect((await bench.engine.checkpointStatuses()).has(vm.id)).toBe(false);
    expect(await bench.service.intentOutcome(asked)).toMatchObject({ ended: true, ok: false });
  });
});

describe("a status", () => {
  test("is told at once where protection changes, and seldom where only its times do; rows are always the truth", async () => {
    const { vm } = await runningVm(bench, "told");
    const at = 100_000;
    const first = await told(() => bench.engine.recordCheckpointStatus(protectedSince(vm.id, at), at));
    expect(first.map((it) => it.change)).toEqual([
      { kind: "checkpoint-status.changed", organizationId: null, status: protectedSince(vm.id, at) },
    ]);
    // Every second for a minute.
    const minute = await told(async () => {
      for (let later = at; later < at + 60_000; later += 1000)
        await bench.engine.recordCheckpointStatus(protectedSince(vm.id, later), later);
    });
    expect(minute.length).toBeGreaterThan(5);
    expect(minute.length).toBeLessThanOrEqual(12);
    expect((await bench.engine.checkpointStatuses()).get(vm.id)?.lastAt).toBe(at + 59_000);

    const trouble = protectedSince(vm.id, at + 59_000, { trouble: "The store is full: nothing more is saved." });
    const worse = await told(async () => {
      await bench.engine.recordCheckpointStatus(trouble, at + 59_001);
      await bench.engine.recordCheckpointStatus(trouble, at + 59_002);
    });
    expect(worse).toHaveLength(1);
    expect(worse[0]?.words).toContain("The store is full");
    const standby = { ready: false, words: "The replica is not as new as the newest saved state." };
    expect(
      await told(() => bench.engine.recordCheckpointStatus({ ...trouble, standby, lastAt: null }, at + 59_003)),
    ).toHaveLength(1);
    expect((await bench.service.snapshot(0)).checkpointStatuses.find((it) => it.vmId === vm.id)).toEqual({
      ...{ ...trouble, standby, lastAt: null },
    });
  });

  test("goes along with the VM to its new owner", async () => {
    const { vm } = await runningVm(bench, "given");
    await bench.engine.recordCheckpointStatus(protectedSince(vm.id, 5000), 5000);
    const owner = { id: bench.ids.next("org"), name: "Cedar", role: "customer" } as const;
    await bench.service.createOrganization(owner, bench.admin, 6000);
    const events = await told(() => bench.service.changeVm(vm.id, { organizationId: owner.id }, bench.admin, 7000));
    expect(events.map((it) => it.change)).toMatchObject([
      { kind: "vm.changed" },
      { kind: "checkpoint-status.changed", organizationId: owner.id },
    ]);
    expect(await bench.service.organizationOf(vm.id)).toBe(owner.id);
  });
});

test("the interval that holds is the VM's own, else its application's, and none where the provider does not protect", async () => {
  const organization = { id: bench.ids.next("org"), name: "Dune", role: "customer" } as const;
  await bench.service.createOrganization(organization, bench.admin, 100);
  const shop = { id: bench.ids.next("app"), organizationId: organization.id, name: "shop" } as const;
  const shopIs = (mode: "provider" | "customer", checkpointEveryMs: number | null) =>
    bench.service.changeApplication(shop.id, { mode, checkpointEveryMs }, bench.admin, 300);
  const made = { ...shop, mode: "provider", checkpointEveryMs: 60_000, agreement: defaultAgreement } as const;
  expect(await bench.service.createApplication(made, bench.admin, 200)).toEqual(made);
  const vms: Vm[] = [];
  for (const [name, checkpointEveryMs] of [
    ["follows", null],
    ["own", 7000],
    ["never", 0],
  ] as const) {
    const { vm } = await runningVm(bench, name);
    vms.push(vm);
    const to = { applicationId: shop.id, checkpointEveryMs, standby: true, checkpointGroup: "mpi" };
    const changed = await bench.service.changeVm(vm.id, to, bench.admin, 250);
    expect(changed).toMatchObject({ checkpointEveryMs, standby: true, checkpointGroup: "mpi" });
  }
  const holds = async () => {
    const intervals = await bench.engine.checkpointIntervals();
    return vms.map((vm) => intervals.get(vm.id));
  };
  expect(await holds()).toEqual([60_000, 7000, undefined]);
  const [event] = await told(() => shopIs("provider", null));
  expect(event?.words).toContain("Its VMs are not saved.");
  expect(await holds()).toEqual([undefined, 7000, undefined]);
  // The provider changed its mind: the nearest that it offers holds.
  await bench.service.changePolicy({ checkpointLeastMs: 10_000 }, bench.admin, 400);
  expect(await holds()).toEqual([undefined, 10_000, undefined]);
  await shopIs("customer", 60_000);
  expect(await holds()).toEqual([undefined, undefined, undefined]);
});

describe("a wish", () => {
  test("is an intent: once per key, begun and ended once, and no fault to inject", async () => {
    const { vm } = await runningVm(bench, "wished");
    const checkpoint = bench.ids.next("ckp");
    const asked = { vmId: vm.id, wish: { kind: "restore-beside", checkpoint, name: "look" }, key: "w-1" } as const;
    const id = await bench.service.recordWish(asked, bench.admin, 5000);
    expect(await bench.service.recordWish(asked, bench.admin, 5001)).toBe(id);
    const conflict = { code: "conflict", field: "Idempotency-Key" };
    const other = { ...asked, wish: { kind: "capture" } } as const;
    await expect(bench.service.recordWish(other, bench.admin, 5002)).rejects.toMatchObject(conflict);
    const kill = { kind: "kill-vm", vmId: vm.id, runId: 7, key: "w-1" } as const;
    await expect(bench.service.recordIntent(kill, bench.admin, 5003)).rejects.toMatchObject(conflict);
    expect(await bench.service.intentByKey("w-1")).toEqual({ id, vmId: vm.id, runId: null, wish: asked.wish });

    expect(await bench.engine.pendingIntents()).toEqual([]);
    expect(await bench.engine.pendingWishes()).toEqual([
      { id, vmId: vm.id, by: "Ada", wish: asked.wish, at: 5000, owner: vm.organizationId },
    ]);
    expect(await bench.engine.beginWish(id, 5100)).toBe(true);
    expect(await bench.engine.injectedAt(vm.id, 0)).toBeUndefined();
    await bench.engine.endWish(id, { ok: true, words: "It runs as look." }, 5200);
    expect(await bench.engine.beginWish(id, 5300)).toBe(false);
    expect(await bench.engine.pendingWishes()).toEqual([]);
    expect(await bench.service.intentOutcome(id)).toEqual({
      ...{ vmId: vm.id, kind: "checkpoint", ended: true, ok: true, words: "It runs as look." },
    });
  });

  test("waits with at most nine others of its VM", async () => {
    const { vm } = await runningVm(bench, "impatient");
    const ask = (key: number) =>
      bench.service.recordWish({ vmId: vm.id, wish: { kind: "capture" }, key: `many-${key}` }, bench.admin, 6000);
    for (let key = 0; key < 10; key++) await ask(key);
    await expect(ask(10)).rejects.toMatchObject({ code: "conflict" });
    expect(await ask(3)).toMatch(/^int_/);
  });
});

describe("a called restore", () => {
  test("opens an incident with its repair in one write, once for each call", async () => {
    const { host, vm } = await runningVm(bench, "called");
    const one = saved(bench.ids, vm.id, 4000);
    await bench.engine.recordCheckpoint(one, 4100);
    const call = () => bench.engine.openCalledRestore(vm.id, one.id, "Ada", 5000);
    const events = await told(async () => {
      const repair = await call();
      if (repair === undefined) throw new Error("nothing is open for the VM");
      expect(await call()).toBe(repair);
      expect(await bench.engine.calledCheckpoint(repair)).toBe(one.id);
      const work = await bench.engine.repairWork(repair);
      expect(work).toMatchObject({
        repair: { technique: "assisted-restart", state: "planned" },
        incident: { cause: "called-restore", layer: "vm", state: "open", hostId: host.id, tp: 5000, td: 5000 },
      });
      // Somebody else's call waits, a failure that is open comes first.
      expect(await bench.engine.openCalledRestore(vm.id, one.id, "Bea", 5500)).toBeUndefined();
      await bench.engine.beginRepair(repair, 6000);
      await bench.engine.endRepair(
        repair,
        { state: "succeeded", incident: "repaired", words: "Back.", tr: 7000 },
        7000,
      );
      expect(await call()).toBe(repair);
    });
    expect(events.map((it) => it.change.kind)).toEqual(["incident.changed", "incident.changed", "incident.changed"]);
    // It says nothing of the VM's health.
    expect(await bench.engine.repairsSince(vm.id, 0)).toBe(0);
    expect(await bench.service.failuresSince(vm.id, 0)).toBe(0);
    expect(await bench.engine.openCalledRestore(vm.id, one.id, "Ada", 8000)).toMatch(/^rep_/);
  });

  test("is what helps servers that are down: their incident does not stand in its way", async () => {
    const { vm } = await runningVm(bench, "serving");
    const one = saved(bench.ids, vm.id, 4000);
    await bench.engine.recordCheckpoint(one, 4100);
    const { plan: _, ...news } = died(vm.id);
    const ofServers = {
      ...news,
      layer: "application",
      cause: "application-down",
      plan: { refusal: "Theirs." },
    } as const;
    const before = await bench.engine.openIncident(ofServers);
    if (before === undefined) throw new Error("it was not opened");
    expect(await bench.engine.openCalledRestore(vm.id, one.id, "Ada", 5000)).toMatch(/^rep_/);
    expect(await bench.service.incident(before.incidentId)).toMatchObject({ state: "cleared", endedAt: 5000 });
    expect(await bench.engine.openIncidentOf(vm.id)).toMatchObject({ cause: "called-restore", state: "open" });
  });

  test("needs a checkpoint of this VM, and a VM without another incident", async () => {
    const { vm } = await runningVm(bench, "ailing");
    const { vm: other } = await runningVm(bench, "neighbour");
    const theirs = saved(bench.ids, other.id, 4000);
    await bench.engine.recordCheckpoint(theirs, 4000);
    const call = (id: typeof theirs.id) => bench.engine.openCalledRestore(vm.id, id, "Ada", 5000);
    await expect(call(theirs.id)).rejects.toMatchObject({ code: "not-found" });
    await expect(call(bench.ids.next("ckp"))).rejects.toMatchObject({ code: "not-found" });
    const own = saved(bench.ids, vm.id, 4000);
    await bench.engine.recordCheckpoint(own, 4000);
    await bench.engine.openIncident(died(vm.id));
    expect(await call(own.id)).toBeUndefined();
    expect(await bench.service.failuresSince(vm.id, 0)).toBe(1);
    const none = bench.ids.next("rep");
    expect(await bench.engine.calledCheckpoint(none)).toBeUndefined();
  });
});

test("a VM that was restored beside another is whose that is, and nothing repairs or saves it", async () => {
  const { vm } = await runningVm(bench, "original");
  const { vm: beside } = await runningVm(bench, "beside");
  const owner = { id: bench.ids.next("org"), name: "Elm", role: "customer" } as const;
  await bench.service.createOrganization(owner, bench.admin, 100);
  await bench.service.changeVm(vm.id, { organizationId: owner.id }, bench.admin, 200);
  const events = await told(async () => {
    await bench.engine.recordBeside(beside.id, vm.id, 300);
    await bench.engine.recordBeside(beside.id, vm.id, 301);
  });
  expect(events).toHaveLength(1);
  expect(await bench.service.vm(beside.id)).toMatchObject({
    ...{ organizationId: owner.id, consent: "notify", checkpointEveryMs: 0 },
  });
});

test("what people keep is kept under their name", async () => {
  const { vm } = await runningVm(bench, "keeper");
  const one = saved(bench.ids, vm.id, 4000);
  await bench.engine.recordCheckpoint(one, 4000);
  expect(await bench.service.keepCheckpoint(one.id, true, bench.admin, 5000)).toEqual({ ...one, kept: true });
  expect(await bench.engine.checkpointsOf(vm.id)).toEqual([{ ...one, kept: true }]);
  // Retention chose it a moment ago, and its row went before: only what is not there any more is dropped.
  const aged = [one.id, bench.ids.next("ckp")];
  expect(await bench.engine.removeCheckpoints(aged, 5001, "kept")).toEqual(aged.slice(1));
  expect(await bench.engine.checkpointsOf(vm.id)).toHaveLength(1);
  expect(await bench.engine.removeCheckpoints(aged, 5002)).toEqual(aged);
  const gone = bench.ids.next("ckp");
  await expect(bench.service.keepCheckpoint(gone, true, bench.admin, 5000)).rejects.toMatchObject({
    code: "not-found",
  });
});
