import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { type hookBody, keptSecret } from "../contract/index.ts";
import type { Cause, HostId, IncidentId } from "../model/index.ts";
import { type TestCloud, testCloud } from "./testing/cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await testCloud();
});
afterAll(() => cloud[Symbol.asyncDispose]());

const bmc = (position = 1) => ({
  position,
  agent: "fence_ipmilan",
  options: { ip: "198.18.0.9", username: "belay", password: "hunter2" },
  timeoutMs: 20_000,
});
const hook = (program: string): z.infer<typeof hookBody> => ({
  ...{ program, args: ["--now"], cause: "hung", timeoutMs: 30_000, role: "beside", enabled: true },
});

/** An incident of the host itself, in which Belay asks, or which it handed over. */
async function hostIncident(
  host: HostId,
  cause: Cause,
  plan: { ask: string } | { refusal: string },
): Promise<IncidentId> {
  const now = Date.now();
  const opened = await cloud.store.engine.openHostIncident({
    ...{ hostId: host, cause, certainty: "certain", tp: now, tpSource: "scan", td: now, evidence: [] },
    ...{ words: "The host is dead.", plan, lost: [] },
  });
  if (opened === undefined) throw new Error("no incident");
  return opened.incidentId;
}

test("a power switch keeps its secrets: they are shown to nobody, also not in events, and survive being sent back as shown", async () => {
  const { service, store, admin } = cloud;
  const host = await cloud.host("switched");
  const added = await service.addFenceDevice(admin, host, bmc());
  expect(added).toMatchObject({ hostId: host, ok: false, testedAt: null });
  expect(added.options).toEqual({ ip: "198.18.0.9", username: "belay", password: keptSecret });
  const changed = await service.changeFenceDevice(admin, added.id, {
    ...bmc(2),
    options: { ...added.options, username: "root" },
  });
  expect(changed).toMatchObject({ position: 2, options: { username: "root", password: keptSecret } });
  expect((await store.service.fenceDevices()).find(({ id }) => id === added.id)?.options).toMatchObject({
    username: "root",
    password: "hunter2",
  });
  expect(JSON.stringify([await service.cloud(admin), await service.fenceDevices(admin, host)])).not.toContain(
    "hunter2",
  );
  await service.removeFenceDevice(admin, added.id);
  expect(await service.fenceDevices(admin, host)).toEqual([]);
  await expect(service.removeFenceDevice(admin, added.id)).rejects.toMatchObject({ code: "not-found" });
});

test("a stored password is not sent to another address, and there is nothing to keep where nothing is stored", async () => {
  const { service, admin } = cloud;
  const host = await cloud.host("moved");
  const { id } = await service.addFenceDevice(admin, host, bmc());
  const kept = { ...bmc().options, password: keptSecret };
  await expect(
    service.changeFenceDevice(admin, id, { ...bmc(), options: { ...kept, ip: "198.18.0.66" } }),
  ).rejects.toMatchObject({ code: "bad-input", field: "options.password", cure: expect.any(String) });
  await expect(service.addFenceDevice(admin, host, { ...bmc(2), options: kept })).rejects.toMatchObject({
    field: "options.password",
  });
  await expect(service.addFenceDevice(admin, host, bmc())).rejects.toMatchObject({
    code: "conflict",
    field: "position",
  });
});

test("a host's rack and shared directories are changed by what is sent", async () => {
  const { service, admin } = cloud;
  const host = await cloud.host("racked");
  await service.changeHost(admin, host, { rack: "r1" });
  expect(await service.changeHost(admin, host, { sharedPaths: ["/srv/vms"] })).toMatchObject({
    rack: "r1",
    sharedPaths: ["/srv/vms"],
    faultInjection: true,
  });
  expect(await service.changeHost(admin, host, { rack: null })).toMatchObject({ rack: null });
  await expect(service.changeHost(admin, host, { sharedPaths: ["/srv", "/srv"] })).rejects.toMatchObject({
    field: "sharedPaths",
  });
});

test("the policy is changed by what is sent", async () => {
  const { service, admin } = cloud;
  const before = await service.policy(admin);
  const after = await service.changePolicy(admin, { cpuOvercommit: 8 });
  expect(after).toEqual({ ...before, cpuOvercommit: 8 });
  expect((await service.cloud(admin)).policy).toEqual(after);
});

test("a failure has one hook as its repair, and no hook twice", async () => {
  const { service, admin } = cloud;
  const first = await service.addHook(admin, hook("tell"));
  await expect(service.addHook(admin, hook("tell"))).rejects.toMatchObject({ code: "conflict", field: "program" });
  const repair = await service.addHook(admin, { ...hook("mend"), role: "instead" });
  await expect(service.changeHook(admin, first.id, { ...hook("tell"), role: "instead" })).rejects.toMatchObject({
    code: "conflict",
    field: "role",
  });
  await service.removeHook(admin, repair.id);
  expect(await service.changeHook(admin, first.id, { ...hook("tell"), role: "instead" })).toMatchObject({
    role: "instead",
  });
});

test("maintenance is previewed without keeping anything, begins once, and ends", async () => {
  const { service, admin } = cloud;
  const host = await cloud.host("worked-on");
  const vm = await cloud.vm(host, "stays-put");
  const { moves, stays } = await service.previewMaintenance(admin, host);
  expect(moves).toEqual([]);
  expect(stays).toMatchObject([{ vmId: vm.id, name: "stays-put", words: expect.stringContaining("owner allows") }]);
  expect(await service.maintenances(admin)).toEqual([]);
  const begun = await service.beginMaintenance(admin, host, { parallel: 2 });
  expect(begun).toMatchObject({ hostId: host, parallel: 2, endedAt: null });
  await expect(service.beginMaintenance(admin, host, { parallel: 2 })).rejects.toMatchObject({ code: "conflict" });
  expect((await service.cloud(admin)).hosts.find(({ id }) => id === host)?.standing).toBe("maintenance");
  expect(await service.endMaintenance(admin, host)).toMatchObject({ id: begun.id, state: "ended" });
  await expect(service.endMaintenance(admin, host)).rejects.toMatchObject({ code: "conflict" });
});

test("an incident that asks is approved once", async () => {
  const { service, store, admin } = cloud;
  const host = await cloud.host("storm");
  await store.engine.recordHost(host, "silent", Date.now(), "no route");
  const incident = await hostIncident(host, "host-dead", { ask: "Many hosts failed at once." });
  expect(await service.incident(admin, incident)).toMatchObject({ awaits: "approval", vmId: null });
  expect(await service.approveIncident(admin, incident)).toMatchObject({ awaits: null });
  await expect(service.approveIncident(admin, incident)).rejects.toMatchObject({ code: "conflict" });
});

test("what anything still hears of is not off, whatever a person says", async () => {
  const { service, store, admin } = cloud;
  const host = await cloud.host("said-off");
  const incident = await hostIncident(host, "host-dead", { refusal: "It could not be proven off." });
  await expect(service.sayHostOff(admin, incident)).rejects.toThrow("Belay is connected to it");
  await store.engine.recordHost(host, "silent", Date.now(), "no route");
  await service.sayHostOff(admin, incident);
  expect(await store.engine.personSaysOff(incident)).toMatchObject({ by: expect.any(String) });
  const reached = await cloud.host("reached-by-others");
  await store.engine.recordHost(reached, "silent", Date.now(), "no route");
  const isolated = await hostIncident(reached, "host-isolated", { refusal: "Other hosts reach it." });
  await expect(service.sayHostOff(admin, isolated)).rejects.toThrow("Other hosts reach it");
});

test("customers have nothing of hosts: no switch, hook, policy, maintenance or warning, and no say over a host's incident", async () => {
  const { service, store, admin, aster } = cloud;
  const host = await cloud.host("hidden");
  const device = await service.addFenceDevice(admin, host, bmc());
  const kept = await service.addHook(admin, hook("hidden"));
  await store.engine.recordHost(host, "silent", Date.now(), "no route");
  const incident = await hostIncident(host, "host-dead", { ask: "Many hosts failed at once." });
  for (const attempt of [
    () => service.changeHost(aster, host, { rack: "r1" }),
    () => service.fenceDevices(aster, host),
    () => service.addFenceDevice(aster, host, bmc(2)),
    () => service.changeFenceDevice(aster, device.id, bmc()),
    () => service.removeFenceDevice(aster, device.id),
    () => service.policy(aster),
    () => service.changePolicy(aster, { cpuOvercommit: 1 }),
    () => service.hooks(aster),
    () => service.addHook(aster, hook("mine")),
    () => service.changeHook(aster, kept.id, hook("mine")),
    () => service.removeHook(aster, kept.id),
    () => service.maintenances(aster),
    () => service.previewMaintenance(aster, host),
    () => service.beginMaintenance(aster, host, { parallel: 1 }),
    () => service.endMaintenance(aster, host),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: "not-allowed" });
  for (const attempt of [
    () => service.incident(aster, incident),
    () => service.approveIncident(aster, incident),
    () => service.sayHostOff(aster, incident),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: "not-found" });
  const seen = await service.cloud(aster);
  expect(seen).toMatchObject({ hosts: [], fenceDevices: [], hooks: [], maintenances: [], policy: null, tolerance: [] });
  expect(JSON.stringify(seen)).not.toContain(host);
});

test("an owner says where their VM stands beside their others and that it never goes back; who comes first is the provider's", async () => {
  const { service, admin, aster } = cloud;
  const vm = await cloud.vm(await cloud.host("wishes"), "db-1", aster.organizationId);
  expect(await service.changeVm(aster, vm.id, { apart: "db", rollbackIntolerant: true })).toMatchObject({
    apart: "db",
    rollbackIntolerant: true,
    together: null,
  });
  await expect(service.changeVm(aster, vm.id, { together: "db" })).rejects.toMatchObject({ field: "together" });
  expect(await service.changeVm(aster, vm.id, { apart: null, together: "db" })).toMatchObject({ together: "db" });
  await expect(service.changeVm(aster, vm.id, { priority: 9 })).rejects.toMatchObject({ field: "priority" });
  expect(await service.changeVm(admin, vm.id, { priority: 9 })).toMatchObject({ priority: 9 });
});

test("the helper is installed step by step; what is lacking at once is refused, and what fails later is the last line", async () => {
  const { service, admin, aster } = cloud;
  const told = async (host: HostId) => Array.fromAsync(await service.installHelper(admin, host, {}));
  const good = await cloud.host("helped");
  expect((await told(good)).map((line) => line.kind)).toEqual(["step", "step", "done"]);
  expect(await told(await cloud.host("bare"))).toEqual([
    { kind: "step", phase: "node", words: "Node 20 is there." },
    { kind: "failed", message: "It has no room.", cure: "Make room." },
  ]);
  await expect(told(await cloud.host("dark"))).rejects.toMatchObject({ code: "host-unreachable" });
  await expect(service.installHelper(aster, good, {})).rejects.toMatchObject({ code: "not-allowed" });
});

test("an owner is told what would keep their VM from coming back if its host died, and nothing of the host", async () => {
  const { service, store, admin, aster } = cloud;
  const host = await cloud.host("told-of");
  const { id } = await cloud.vm(host, "told-1", aster.organizationId);
  const told = async () => (await service.cloud(aster)).vms.find((vm) => vm.id === id);
  expect(await told()).toMatchObject({
    hostId: null,
    hostLoss: expect.stringContaining("does not allow"),
    onHold: null,
  });
  await service.changeVm(aster, id, { consent: "relocate" });
  expect((await told())?.hostLoss).toContain("could not be proven off");
  await store.engine.recordProtection(host, { ok: true, words: "Protected: told-of's switch answers." }, Date.now());
  expect((await told())?.hostLoss).toBeNull();
  await store.engine.recordTolerance(
    [{ hostId: host, misfits: [{ vmId: id, words: "told-of alone has room." }] }],
    Date.now(),
  );
  expect((await told())?.hostLoss).toContain("No other host");
  await service.beginMaintenance(admin, host, { parallel: 1 });
  expect((await told())?.onHold).toContain("maintenance");
  expect(JSON.stringify(await told())).not.toContain("told-of");
});
