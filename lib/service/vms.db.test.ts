import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestCloud, testCloud } from "./testing/cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await testCloud();
});
afterAll(() => cloud[Symbol.asyncDispose]());

const ask = () => ({ runId: 7, key: crypto.randomUUID() });

test("a kill is written down before it is answered, and the same key is the same intent even after the VM died", async () => {
  const { service, store, admin } = cloud;
  const host = await cloud.host("kill-1");
  const vm = await cloud.vm(host, "victim");
  const wish = ask();
  const intentId = await service.killVm(admin, vm.id, wish);
  expect((await store.engine.pendingIntents()).map(({ id }) => id)).toContain(intentId);
  await store.engine.recordVm(vm.id, { ...vm, state: "stopped", reason: "failed", runId: null }, Date.now());
  expect(await service.killVm(admin, vm.id, wish)).toBe(intentId);
  expect(await service.intent(admin, intentId)).toMatchObject({ intentId, ended: false });
  await expect(service.killVm(admin, vm.id, { ...wish, runId: 8 })).rejects.toMatchObject({ code: "conflict" });
});

test("two people may choose the same key", async () => {
  const { service, admin, operator } = cloud;
  const vm = await cloud.vm(await cloud.host("kill-2"), "victim");
  const wish = ask();
  expect(await service.killVm(admin, vm.id, wish)).not.toBe(await service.killVm(operator, vm.id, wish));
});

test("a kill is refused, with the reason, where it must not be", async () => {
  const { service, store, admin, aster } = cloud;
  const allowed = await cloud.host("kill-3");
  const guarded = await cloud.host("kill-4", false);
  const vm = await cloud.vm(allowed, "older run", aster.organizationId);
  const safe = await cloud.vm(guarded, "guarded");
  await expect(service.killVm(admin, safe.id, ask())).rejects.toThrow("Fault injection is off");
  await expect(service.killVm(admin, vm.id, { ...ask(), runId: 6 })).rejects.toMatchObject({ field: "runId" });
  await expect(service.killVm(aster, vm.id, ask())).rejects.toMatchObject({ code: "not-allowed" });
  await store.engine.recordHost(allowed, "silent", Date.now(), "no route");
  await expect(service.killVm(admin, vm.id, ask())).rejects.toThrow("The host is not connected");
});

test("an application brings its owner, and a new owner takes the VM out of the old one's application", async () => {
  const { service, admin, aster, birch } = cloud;
  const vm = await cloud.vm(await cloud.host("assign"), "web-1");
  const shop = await service.createApplication(admin, { organizationId: aster.organizationId, name: "shop" });
  const joined = await service.changeVm(admin, vm.id, { applicationId: shop.id });
  expect(joined).toMatchObject({ applicationId: shop.id, organizationId: aster.organizationId });
  await expect(
    service.changeVm(admin, vm.id, { applicationId: shop.id, organizationId: birch.organizationId }),
  ).rejects.toMatchObject({ code: "bad-input", field: "applicationId" });
  const moved = await service.changeVm(admin, vm.id, { organizationId: birch.organizationId });
  expect(moved).toMatchObject({ applicationId: null, organizationId: birch.organizationId });
  const freed = await service.changeVm(admin, vm.id, { organizationId: null });
  expect(freed).toMatchObject({ applicationId: null, organizationId: null });
});

test("a customer changes what is theirs to change: consent and whether it runs, not whose it is nor where Belay probes", async () => {
  const { service, aster } = cloud;
  const vm = await cloud.vm(await cloud.host("consent"), "web-1", aster.organizationId);
  const changed = await service.changeVm(aster, vm.id, { consent: "notify", wanted: "stopped" });
  expect(changed).toMatchObject({ consent: "notify", wanted: "stopped", hostId: null });
  for (const [change, field] of [
    [{ organizationId: null }, "organizationId"],
    [{ applicationId: null }, "applicationId"],
    [{ answerCheck: { kind: "tcp", address: "192.0.2.1", port: 22 } }, "answerCheck"],
  ] as const)
    await expect(service.changeVm(aster, vm.id, change)).rejects.toMatchObject({ code: "not-allowed", field });
});

test("what belongs to another customer is as if it were not there", async () => {
  const { service, admin, aster, birch } = cloud;
  const host = await cloud.host("others");
  const vm = await cloud.vm(host, "theirs", birch.organizationId);
  const blog = await service.createApplication(birch, { organizationId: birch.organizationId, name: "blog" });
  const intentId = await service.killVm(admin, vm.id, ask());
  for (const attempt of [
    () => service.vm(aster, vm.id),
    () => service.changeVm(aster, vm.id, { consent: "notify" }),
    () => service.killVm(aster, vm.id, ask()),
    () => service.incidents(aster, { limit: 5, vmId: vm.id }),
    () => service.changeApplication(aster, blog.id, { mode: "none" }),
    () => service.traffic(aster, blog.id, 60),
    () => service.createApplication(aster, { organizationId: birch.organizationId, name: "mine" }),
    () => service.intent(aster, intentId),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: "not-found" });
  const seen = JSON.stringify(await service.cloud(aster));
  for (const secret of [vm.id, blog.id, host, birch.organizationId]) expect(seen).not.toContain(secret);
  expect((await service.vms(aster)).map(({ id }) => id)).not.toContain(vm.id);
  expect((await service.applications(aster)).map(({ id }) => id)).not.toContain(blog.id);
  expect(await service.organizations(aster)).toHaveLength(1);
});

test("traffic comes from the source alone, is kept for known applications and timely seconds, and is passed on with its owner", async () => {
  const { service, admin, operator, aster, ids } = cloud;
  const { id } = await service.createApplication(aster, { organizationId: aster.organizationId, name: "counted" });
  const now = Math.floor(Date.now() / 1000) * 1000;
  const good = { applicationId: id, at: now, answered: 20, failed: 1 };
  const passed: unknown[] = [];
  const stop = service.onTraffic((samples) => passed.push(...samples));
  const samples = [good, { ...good, applicationId: ids.next("app") }, { ...good, at: now - 3_600_000 }];
  await expect(service.recordTraffic(admin, samples)).rejects.toMatchObject({ code: "not-allowed" });
  expect(await service.recordTraffic(operator, samples)).toBe(1);
  stop();
  await service.recordTraffic(operator, [good]);
  expect(passed).toEqual([{ organizationId: aster.organizationId, sample: good }]);
  expect(await service.traffic(aster, id, 60)).toEqual([good]);
});

test("incidents show to their owner without the provider's evidence, and to nobody else", async () => {
  const { service, store, admin, aster, birch } = cloud;
  const host = await cloud.host("failing");
  const now = Date.now();
  const fail = async (owner: typeof aster) => {
    const vm = await cloud.vm(host, `of ${owner.name}`, owner.organizationId);
    const seen = (words: string, audience: "all" | "provider") =>
      ({ at: now, source: "scan", words, audience }) as const;
    const opened = await store.engine.openIncident({
      ...{ vmId: vm.id, layer: "vm", cause: "qemu-died", certainty: "certain", tp: now, tpSource: "scan", td: now },
      evidence: [seen("it is not there", "all"), seen("on the third rack", "provider")],
      words: "It is started again.",
      plan: { technique: "revive-vm", words: "Start it." },
    });
    if (opened === undefined) throw new Error("no incident");
    return opened.incidentId;
  };
  const [own, other] = [await fail(aster), await fail(birch)];
  expect((await service.incidents(admin, { limit: 50 })).map(({ id }) => id).sort()).toEqual([own, other].sort());
  const seen = await service.incidents(aster, { limit: 1 });
  expect(seen).toMatchObject([{ id: own, hostId: null, evidence: [{ words: "it is not there" }] }]);
  expect(await service.incident(aster, own)).toEqual(seen[0]);
  await expect(service.incident(aster, other)).rejects.toMatchObject({ code: "not-found" });
});
