import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definition, enrol, failedVm, runningVm, type StoreBench, sight, storeBench } from "./testing/fixtures.ts";

let bench: StoreBench;
beforeAll(async () => {
  bench = await storeBench();
});
afterAll(() => bench.close());

describe("a host", () => {
  test("is enrolled once, however often it is asked for", async () => {
    const first = await enrol(bench, "alpha");
    const again = await bench.service.enrolHost(first, bench.admin, 1500);
    expect(again).toEqual(first);
    expect(first).toMatchObject({ state: "connecting", stateSince: 1000, stateWords: null });
    await expect(enrol(bench, "alpha")).rejects.toMatchObject({ code: "conflict", field: "uri" });
    expect((await bench.engine.hosts()).filter((host) => host.name === "alpha")).toEqual([first]);
  });

  test("of two that enrol one address at the same time one wins", async () => {
    const both = await Promise.allSettled([enrol(bench, "twin"), enrol(bench, "twin")]);
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  test("is recorded as seen, with an event only when something is new", async () => {
    const host = await enrol(bench, "beta");
    const facts = { cpus: 4, memoryMiB: 8192, libvirtVersion: "9.0.0", qemuVersion: "7.2.22" };
    await bench.engine.recordHost(host.id, "up", 1100, null, facts);
    const seq = await bench.store.feed.lastSeq();
    await bench.engine.recordHost(host.id, "up", 1200, null, facts);
    await bench.engine.recordHost(host.id, "up", 1300, null);
    expect(await bench.store.feed.lastSeq()).toBe(seq);
    expect(await bench.service.host(host.id)).toEqual({ ...host, ...facts, state: "up", stateSince: 1100 });

    await bench.engine.recordHost(host.id, "silent", 1400, "The connection was refused.");
    await bench.engine.recordHost(host.id, "silent", 1500, "No route to it.");
    expect(await bench.service.host(host.id)).toMatchObject({
      state: "silent",
      stateSince: 1400,
      stateWords: "No route to it.",
    });
  });

  test("that is removed is forgotten with its VMs, and may be enrolled anew", async () => {
    const { host, vm, incidentId, repairId } = await failedVm(bench, "gone");
    await bench.engine.beginRepair(repairId, 3100);
    const key = "kill gone";
    const intent = await bench.service.recordIntent({ kind: "kill-vm", vmId: vm.id, runId: 7, key }, bench.admin, 3200);
    const seq = await bench.store.feed.lastSeq();
    await bench.service.removeHost(host.id, bench.admin, 4000);
    await bench.service.removeHost(host.id, bench.admin, 5000);

    expect(await bench.service.host(host.id)).toBeUndefined();
    expect(await bench.service.vm(vm.id)).toBeUndefined();
    expect(await bench.engine.vmsOf(host.id)).toEqual([]);
    expect((await bench.store.feed.after(seq, 10)).map((event) => event.change)).toMatchObject([
      { kind: "incident.changed" },
      { kind: "vm.removed", vmId: vm.id },
      { kind: "host.removed", hostId: host.id },
    ]);
    // What was open has an end that says why; history stays.
    expect(await bench.service.incident(incidentId)).toMatchObject({ state: "cleared", endedAt: 4000 });
    expect(await bench.engine.openRepairs()).not.toContain(repairId);
    expect((await bench.engine.repairWork(repairId)).repair.state).toBe("handed-over");
    expect(await bench.service.intentOutcome(intent)).toMatchObject({ ended: true, ok: false });
    await expect(bench.engine.stepStarted(repairId, "bring up", 4100)).rejects.toMatchObject({ code: "conflict" });
    await bench.engine.recordHost(host.id, "silent", 4200, "late");

    const anew = await enrol(bench, host.name, 6000);
    expect(anew.id).not.toBe(host.id);
    const again = await bench.engine.adoptVm(anew.id, sight("gone"), null, "running", 6100);
    expect(again.id).not.toBe(vm.id);
  });

  test("that was never there cannot be removed", async () => {
    await expect(bench.service.removeHost(bench.ids.next("hst"), bench.admin, 1)).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

describe("a VM", () => {
  test("is taken once, also by two at a time", async () => {
    const host = await enrol(bench, "gamma");
    const [one, two] = await Promise.all([
      bench.engine.adoptVm(host.id, sight("web"), definition, "running", 2000),
      bench.engine.adoptVm(host.id, sight("web"), definition, "running", 2000),
    ]);
    expect(one).toEqual(two);
    expect(one).toMatchObject({ organizationId: null, consent: "restart-vm", answerCheck: { kind: "agent" } });
    expect(await bench.engine.vmsOf(host.id)).toEqual([one]);
  });

  test("is recorded as seen: stateSince moves with the state and with the run, and what is known writes nothing", async () => {
    const { vm } = await runningVm(bench, "seen");
    const seen = { state: "running", reason: "none", runId: 7, persistent: true, memoryMiB: 256, vcpus: 1 } as const;
    const seq = await bench.store.feed.lastSeq();
    expect(await bench.engine.recordVm(vm.id, seen, 2100)).toEqual(vm);
    expect(await bench.store.feed.lastSeq()).toBe(seq);
    expect(await bench.engine.recordVm(vm.id, { ...seen, vcpus: 2 }, 2200)).toMatchObject({
      stateSince: 2000,
      vcpus: 2,
    });
    expect(await bench.engine.recordVm(vm.id, { ...seen, runId: 8 }, 2300)).toMatchObject({
      stateSince: 2300,
      runId: 8,
    });
    const stopped = { ...seen, state: "stopped", reason: "failed", runId: null } as const;
    expect(await bench.engine.recordVm(vm.id, stopped, 2400)).toMatchObject({ stateSince: 2400, state: "stopped" });
    const [last] = await bench.store.feed.after((await bench.store.feed.lastSeq()) - 1, 1);
    expect(last?.words).toBe("VM seen on host host-of-seen: running → stopped (failed).");
  });

  test("keeps its definition without an event, and its owner's wish with one", async () => {
    const { vm } = await runningVm(bench, "wish");
    expect(await bench.engine.definitionKnown(vm.id)).toBe(true);
    const seq = await bench.store.feed.lastSeq();
    await bench.engine.recordDefinition(vm.id, "<domain type='kvm'/>", definition.diskPaths);
    expect(await bench.store.feed.lastSeq()).toBe(seq);
    await bench.engine.recordWanted(vm.id, "stopped", "It was shut down from inside.", 2500);
    await bench.engine.recordWanted(vm.id, "stopped", "It was shut down from inside.", 2600);
    expect(await bench.store.feed.lastSeq()).toBe(seq + 1);
    expect((await bench.service.vm(vm.id))?.wanted).toBe("stopped");
  });
});
