import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import { died, type StoreBench, storeBench } from "./testing/fixtures.ts";
import { hostDied, relocating, twoHosts } from "./testing/hosts-that-fail.ts";
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

describe("a host that died", () => {
  test("has one incident with its repair, stands as one to be fenced, and each of its VMs has a part of it", async () => {
    const { host, vmIds } = await twoHosts(bench, "dead");
    const changes = await newEvents(() => bench.engine.openHostIncident(hostDied(host.id, vmIds)));
    const part = { cause: "host-lost", layer: "host", state: "open", words: "Its host failed.", repairs: [] };
    expect(changes).toMatchObject([
      { incident: { layer: "host", vmId: null, hostId: host.id, repairs: [{ technique: "evacuate", vmId: null }] } },
      { kind: "host.changed", host: { standing: "fencing" } },
      { incident: { ...part, vmId: vmIds[0], evidence: [{ audience: "provider" }] } },
      { incident: { ...part, vmId: vmIds[1] } },
    ]);
    const [own] = await bench.engine.openHostIncidents();
    expect(changes.slice(2)).toMatchObject([{ incident: { partOf: own?.id } }, { incident: { partOf: own?.id } }]);
    expect(await bench.engine.openIncidentsOf(host.id)).toEqual(new Map(vmIds.map((id) => [id, "open"])));
  });

  test("of twenty racers from two processes has one incident", async () => {
    const { host, vmIds } = await twoHosts(bench, "raced");
    const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(78) });
    try {
      const racers = Array.from({ length: 20 }, (_, racer) =>
        (racer % 2 === 0 ? bench.engine : other.engine).openHostIncident(hostDied(host.id, vmIds)),
      );
      expect((await Promise.all(racers)).filter((one) => one !== undefined)).toHaveLength(1);
      for (const vmId of vmIds) expect(await bench.service.incidents({ limit: 10, vmId })).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test("ends an incident of a VM's servers: the VM that was lost with it has one of its own", async () => {
    const { host, vm, vmIds } = await twoHosts(bench, "serving", ["a"]);
    const { plan: _, ...news } = died(vm.id);
    const ofServers = {
      ...news,
      layer: "application",
      cause: "application-down",
      plan: { refusal: "Theirs." },
    } as const;
    const before = await bench.engine.openIncident(ofServers);
    if (before === undefined) throw new Error("it was not opened");
    const opened = await bench.engine.openHostIncident(hostDied(host.id, vmIds));
    expect(await bench.service.incident(before.incidentId)).toMatchObject({ state: "cleared", partOf: null });
    expect(await bench.engine.openIncidentOf(vm.id)).toMatchObject({
      ...{ layer: "host", cause: "host-lost", state: "open", partOf: opened?.incidentId },
    });
  });

  test("takes over the incident that a VM has, and the repair that worked on the host ends", async () => {
    const { host, vm, vmIds } = await twoHosts(bench, "taken", ["a"]);
    const before = await bench.engine.openIncident(died(vm.id));
    const interrupted = before?.repairId;
    if (before === undefined || interrupted === undefined) throw new Error("it has a repair");
    await bench.engine.beginRepair(interrupted, 3100);
    await bench.engine.stepStarted(interrupted, "bring up", 3110);
    const opened = await bench.engine.openHostIncident(hostDied(host.id, vmIds));
    expect(await bench.service.incident(before.incidentId)).toMatchObject({
      ...{ cause: "qemu-died", partOf: opened?.incidentId, state: "open", words: "Its host failed.", endedAt: null },
      repairs: [{ state: "handed-over", finishedAt: 3500, words: "Start it again. Its host failed." }],
    });
    // What that repair still does is refused, and its end is none.
    await expect(bench.engine.stepStarted(interrupted, "verify", 3600)).rejects.toMatchObject({ code: "conflict" });
    const end = { state: "succeeded", incident: "repaired", words: "It answers.", tr: 3600 } as const;
    expect(await newEvents(() => bench.engine.endRepair(interrupted, end, 3600))).toEqual([]);
    expect(await bench.engine.openRepairs()).toContain(opened?.repairId);
  });

  test("with a refusal is handed over with its VMs, and may get its repair later", async () => {
    const { host, vmIds } = await twoHosts(bench, "refused", ["a"]);
    const opened = await bench.engine.openHostIncident(hostDied(host.id, vmIds, { plan: { refusal: "Not certain." } }));
    if (opened === undefined) throw new Error("it is the first");
    expect(opened.repairId).toBeUndefined();
    expect(await bench.service.host(host.id)).toMatchObject({ standing: "in-use" });
    expect(await bench.engine.partsOf(opened.incidentId)).toMatchObject([{ incident: { state: "handed-over" } }]);
    const plan = { technique: "evacuate", words: "Now it is." } as const;
    const repair = await bench.engine.planHostRepair(opened.incidentId, plan, 5000);
    expect(repair).toBeDefined();
    expect(await bench.engine.planHostRepair(opened.incidentId, plan, 5000)).toBeUndefined();
    expect(await bench.service.host(host.id)).toMatchObject({ standing: "fencing" });
    expect(await bench.service.incident(opened.incidentId)).toMatchObject({ state: "open", words: "Now it is." });
  });

  test("that a person is asked about goes on when they approve, once", async () => {
    const { host, vmIds } = await twoHosts(bench, "asked", ["a"]);
    const opened = await bench.engine.openHostIncident(hostDied(host.id, vmIds, { plan: { ask: "Go on?" } }));
    if (opened === undefined) throw new Error("it is the first");
    expect(await bench.service.incident(opened.incidentId)).toMatchObject({ state: "open", awaits: "approval" });
    const approved = await bench.service.approve(opened.incidentId, bench.admin, 5000);
    expect(approved).toMatchObject({ awaits: null, evidence: [{}, { source: "operator", audience: "provider" }] });
    await expect(bench.service.approve(opened.incidentId, bench.admin, 5100)).rejects.toMatchObject({
      code: "conflict",
    });
  });

  test("is off where a person says so, by the first word that they said", async () => {
    const { host } = await twoHosts(bench, "said", ["a"]);
    const opened = await bench.engine.openHostIncident(hostDied(host.id, []));
    if (opened === undefined) throw new Error("it is the first");
    expect(await bench.engine.personSaysOff(opened.incidentId)).toBeUndefined();
    await bench.service.sayOff(opened.incidentId, bench.admin, 5000);
    await bench.service.sayOff(opened.incidentId, { ...bench.admin, name: "Bob" }, 6000);
    expect(await bench.engine.personSaysOff(opened.incidentId)).toEqual({ by: "Ada", at: 5000 });
  });

  test("is cleared when it is back, but not while its repair is at work", async () => {
    const { host } = await twoHosts(bench, "back", ["a"]);
    const opened = await bench.engine.openHostIncident(hostDied(host.id, []));
    if (opened?.repairId === undefined) throw new Error("it is the first");
    expect(await newEvents(() => bench.engine.clearHostIncident(host.id, "It is back.", 4000))).toEqual([]);
    await bench.engine.beginRepair(opened.repairId, 4100);
    const end = { state: "handed-over", incident: "handed-over", words: "It is not proven off.", tr: null } as const;
    await bench.engine.endRepair(opened.repairId, end, 4200);
    await bench.engine.clearHostIncident(host.id, "It is back.", 4300);
    expect(await bench.service.incident(opened.incidentId)).toMatchObject({ state: "cleared", endedAt: 4300 });
    expect(await bench.engine.openHostIncident(hostDied(host.id, []))).toBeDefined();
  });

  test("that is removed takes its incident along, and not those of VMs that went elsewhere", async () => {
    const { host, other, vm, repairId, opened } = await relocating(bench, "removed");
    await bench.engine.claimVm(repairId, other.id, false, 4200);
    await bench.service.removeHost(host.id, bench.admin, 5000);
    expect(await bench.service.incident(opened.incidentId)).toMatchObject({ state: "cleared" });
    const states = [...(await bench.engine.openIncidentsOf(other.id))];
    expect(states).toEqual([[vm.id, "open"]]);
    expect(await bench.engine.openRepairs()).toContain(repairId);
    expect(await bench.engine.openRepairs()).not.toContain(opened.repairId);
  });
});

describe("the standing of a host", () => {
  test("follows the table, and a proof is kept as long as it stands fenced", async () => {
    const { host } = await twoHosts(bench, "stands", ["a"]);
    const proof = { method: "lease", at: 4000, words: "Its lease ended." } as const;
    const stand = bench.engine.recordStanding;
    await expect(stand(host.id, "fenced", null, 4000, proof)).rejects.toMatchObject({ code: "conflict" });
    await stand(host.id, "fencing", "Nobody hears of it.", 4100);
    await expect(stand(host.id, "fenced", null, 4200)).rejects.toMatchObject({ code: "bad-input" });
    expect(await bench.engine.fenceProof(host.id)).toBeUndefined();
    await stand(host.id, "fenced", "It is off.", 4300, proof);
    expect(await newEvents(() => stand(host.id, "fenced", "again", 4400, { ...proof, method: "power" }))).toEqual([]);
    expect(await bench.engine.fenceProof(host.id)).toEqual(proof);
    expect(await bench.service.host(host.id)).toMatchObject({ standing: "fenced", standingWords: "It is off." });
    await stand(host.id, "returning", "It is back.", 4500);
    expect(await bench.engine.fenceProof(host.id)).toBeUndefined();
  });
});
