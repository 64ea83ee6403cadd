import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrganizationId, Viewer, Vm } from "../model/index.ts";
import { protectedSince, saved } from "../store/testing/checkpoints.ts";
import { type TestCloud, testCloud } from "./testing/cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await testCloud();
});
afterAll(() => cloud[Symbol.asyncDispose]());

const key = () => crypto.randomUUID();

/** A VM with one saved state, and what its host is called. */
async function savedVm(name: string, owner?: OrganizationId) {
  const host = await cloud.host(`host-of-${name}`);
  const vm = await cloud.vm(host, name, owner);
  const words = `QEMU on host-of-${name} writes to /dev/shm/belay.`;
  const checkpoint = saved(cloud.ids, vm.id, Date.now(), { words });
  await cloud.store.engine.recordCheckpoint(checkpoint, Date.now());
  const offer = { method: "background", words, lazy: true } as const;
  await cloud.store.engine.recordCheckpointStatus(protectedSince(vm.id, checkpoint.at, { offer }), Date.now());
  return { host, vm, checkpoint };
}

test("owners choose the interval within what the provider offers, and are told the limits and the cure", async () => {
  const { service, admin, aster } = cloud;
  const { vm } = await savedVm("chooser", aster.organizationId);
  const shop = await service.createApplication(aster, { organizationId: aster.organizationId, name: "chosen" });
  await service.changePolicy(admin, { checkpointLeastMs: 5000, checkpointMostMs: 3_600_000 });
  const limits = { code: "bad-input", field: "checkpointEveryMs", cure: expect.stringContaining("5000 to 3600000 ms") };
  for (const checkpointEveryMs of [4999, 3_600_001]) {
    await expect(service.changeVm(aster, vm.id, { checkpointEveryMs })).rejects.toMatchObject(limits);
    await expect(service.changeApplication(aster, shop.id, { checkpointEveryMs })).rejects.toMatchObject(limits);
  }
  for (const checkpointEveryMs of [5000, 0, null, 3_600_000])
    expect(await service.changeVm(aster, vm.id, { checkpointEveryMs })).toMatchObject({ checkpointEveryMs });
  expect(await service.changeApplication(aster, shop.id, { checkpointEveryMs: 7000 })).toMatchObject({
    ...{ mode: "provider", checkpointEveryMs: 7000 },
  });
  expect(await service.changeVm(aster, vm.id, { standby: true, checkpointGroup: "mpi" })).toMatchObject({
    ...{ standby: true, checkpointGroup: "mpi", checkpointEveryMs: 3_600_000 },
  });
  await expect(service.changePolicy(admin, { checkpointLeastMs: 4_000_000 })).rejects.toMatchObject({
    ...{ code: "bad-input", field: "checkpointLeastMs" },
  });
  await service.changePolicy(admin, { checkpointMostMs: 1_800_000 });
  expect((await service.checkpoints(aster, vm.id, 1)).caveats.join(" ")).toContain("it is saved every 30 min");
  await service.changePolicy(admin, { checkpointLeastMs: 1000, checkpointMostMs: 86_400_000 });
});

test("a rollback-intolerant VM may be saved, is told what that is good for, and never goes back", async () => {
  const { service, aster } = cloud;
  const { vm, checkpoint } = await savedVm("forward", aster.organizationId);
  await service.changeVm(aster, vm.id, { rollbackIntolerant: true, checkpointEveryMs: 60_000 });
  const { caveats } = await service.checkpoints(aster, vm.id, 10);
  expect(caveats.join(" ")).toContain("only restored beside it");
  const refused = { code: "not-allowed", cure: expect.stringContaining("beside") };
  await expect(service.restoreCheckpoint(aster, checkpoint.id, key())).rejects.toMatchObject(refused);
  await expect(service.restoreCheckpoint(cloud.admin, checkpoint.id, key())).rejects.toMatchObject(refused);
  expect(await cloud.store.engine.pendingWishes()).toEqual([]);
  expect(await service.restoreBeside(aster, checkpoint.id, { name: "look", key: key() })).toMatch(/^int_/);
});

test("the owner's call is their consent; the provider needs it given", async () => {
  const { service, admin, aster } = cloud;
  const { vm, checkpoint } = await savedVm("consented", aster.organizationId);
  expect(vm.consent).toBe("restart-vm");
  await expect(service.restoreCheckpoint(admin, checkpoint.id, key())).rejects.toMatchObject({ code: "not-allowed" });
  expect(await service.restoreCheckpoint(aster, checkpoint.id, key())).toMatch(/^int_/);
  await service.changeVm(aster, vm.id, { consent: "roll-back" });
  expect(await service.restoreCheckpoint(admin, checkpoint.id, key())).toMatch(/^int_/);
  const own = await savedVm("providers-own");
  expect(await service.restoreCheckpoint(admin, own.checkpoint.id, key())).toMatch(/^int_/);
});

test("the same key is the same wish, whatever became of the VM since; what cannot be done is refused before anything happens", async () => {
  const { service, store, aster } = cloud;
  const { vm, checkpoint } = await savedVm("lost-reply", aster.organizationId);
  const [take, back] = [key(), key()];
  const taken = await service.takeCheckpoint(aster, vm.id, take);
  const restored = await service.restoreCheckpoint(aster, checkpoint.id, back);
  await expect(service.takeCheckpoint(aster, vm.id, back)).rejects.toMatchObject({ field: "Idempotency-Key" });
  const stopped: Vm = { ...vm, state: "stopped", reason: "failed", runId: null };
  await store.engine.recordVm(vm.id, stopped, Date.now());
  await store.engine.recordVerified(checkpoint.id, { ok: false, words: "Its bytes are not whole." }, Date.now());
  expect(await service.takeCheckpoint(aster, vm.id, take)).toBe(taken);
  expect(await service.restoreCheckpoint(aster, checkpoint.id, back)).toBe(restored);

  await expect(service.takeCheckpoint(aster, vm.id, key())).rejects.toMatchObject({ code: "conflict" });
  await expect(service.restoreCheckpoint(aster, checkpoint.id, key())).rejects.toMatchObject({ code: "conflict" });
  const beside = { name: "look-inside", key: key() };
  await expect(service.restoreBeside(aster, checkpoint.id, beside)).rejects.toMatchObject({ code: "conflict" });
  const whole = saved(cloud.ids, vm.id, Date.now());
  await store.engine.recordCheckpoint(whole, Date.now());
  const taken2 = { name: "lost-reply", key: key() };
  await expect(service.restoreBeside(aster, whole.id, taken2)).rejects.toMatchObject({ field: "name" });
});

test("people keep so many saved states and not more", async () => {
  const { service, store, aster } = cloud;
  const { vm, checkpoint } = await savedVm("hoarder", aster.organizationId);
  for (let count = 0; count < 31; count++)
    await store.engine.recordCheckpoint(saved(cloud.ids, vm.id, 1000 + count, { kept: true }), 5000);
  expect(await service.keepCheckpoint(aster, checkpoint.id, true)).toMatchObject({ kept: true });
  const more = saved(cloud.ids, vm.id, 9000);
  await store.engine.recordCheckpoint(more, 9000);
  await expect(service.keepCheckpoint(aster, more.id, true)).rejects.toMatchObject({ code: "conflict" });
  await expect(service.takeCheckpoint(aster, vm.id, key())).rejects.toMatchObject({ code: "conflict" });
  expect(await service.keepCheckpoint(aster, checkpoint.id, true)).toMatchObject({ kept: true });
  await service.keepCheckpoint(aster, checkpoint.id, false);
  expect(await service.keepCheckpoint(aster, more.id, true)).toMatchObject({ kept: true });
});

test("a customer sees their own saved states without a word of hosts, and nothing of another's", async () => {
  const { service, admin, aster, birch } = cloud;
  const { vm, checkpoint } = await savedVm("private", aster.organizationId);
  const seen = await service.checkpoints(aster, vm.id, 10);
  expect(seen).toMatchObject({ checkpoints: [{ id: checkpoint.id }], status: { vmId: vm.id, trouble: null } });
  expect(seen.limits).toEqual({ leastMs: 1000, mostMs: 86_400_000 });
  const whole = await service.cloud(aster);
  expect(whole.checkpointStatuses.map((it) => it.vmId)).toContain(vm.id);
  expect(JSON.stringify([seen, whole])).not.toMatch(/host-of|\/dev\/shm/);
  expect(JSON.stringify(await service.checkpoints(admin, vm.id, 10))).toContain("host-of-private");

  const intent = await service.takeCheckpoint(aster, vm.id, key());
  expect(await service.intent(aster, intent)).toMatchObject({ intentId: intent, ended: false });
  expect(await service.intent(admin, intent)).toMatchObject({ ended: false });
  const hidden = { code: "not-found" };
  for (const attempt of [
    () => service.checkpoints(birch, vm.id, 10),
    () => service.takeCheckpoint(birch, vm.id, key()),
    () => service.restoreCheckpoint(birch, checkpoint.id, key()),
    () => service.restoreBeside(birch, checkpoint.id, { name: "mine-now", key: key() }),
    () => service.keepCheckpoint(birch, checkpoint.id, true),
    () => service.intent(birch, intent),
    () => service.changeVm(birch, vm.id, { checkpointEveryMs: 1000 }),
  ])
    await expect(attempt()).rejects.toMatchObject(hidden);
  expect((await service.cloud(birch)).checkpointStatuses).toEqual([]);
  expect((await cloud.store.engine.checkpointsOf(vm.id)).map((it) => it.kept)).toEqual([false]);
  // What was not found and what is not theirs look the same.
  const missing = await service
    .keepCheckpoint(birch, cloud.ids.next("ckp"), true)
    .catch((error: Error) => error.message);
  const others = await service.keepCheckpoint(birch, checkpoint.id, true).catch((error: Error) => error.message);
  expect(others).toBe(missing);
});

test("why nothing can be saved is said to a customer without the words of the host", async () => {
  const { service, store, admin, aster } = cloud;
  const { vm } = await savedVm("too-old", aster.organizationId);
  const offer = { method: null, words: "QEMU on host-of-too-old is too old.", lazy: false };
  await store.engine.recordCheckpointStatus(protectedSince(vm.id, 1, { offer, lastAt: null }), Date.now());
  const shop = await service.createApplication(aster, { organizationId: aster.organizationId, name: "old shop" });
  await service.changeVm(admin, vm.id, { applicationId: shop.id });
  const said = [
    await service.checkpointAdvice(aster, vm.id, {}),
    await service.applicationCheckpointAdvice(aster, shop.id, {}),
  ];
  for (const { impossible } of said) expect(impossible).toContain("cannot be saved");
  expect(JSON.stringify(said)).not.toContain("host-of");
  expect((await service.checkpointAdvice(admin, vm.id, {})).impossible).toBe(offer.words);
});

test("a new owner of a VM does not see, and cannot go back to, what it did for the one before", async () => {
  const { service, store, ids, admin, aster, birch } = cloud;
  const { vm, checkpoint } = await savedVm("sold", aster.organizationId);
  await service.changeVm(admin, vm.id, { organizationId: birch.organizationId });
  const own = saved(ids, vm.id, Date.now());
  await store.engine.recordCheckpoint(own, Date.now());
  const seenBy = async (viewer: Viewer) =>
    (await service.checkpoints(viewer, vm.id, 10)).checkpoints.map((it) => it.id);
  expect(await seenBy(birch)).toEqual([own.id]);
  expect((await seenBy(admin)).sort()).toEqual([checkpoint.id, own.id].sort());
  for (const who of [aster, birch])
    await expect(service.restoreCheckpoint(who, checkpoint.id, key())).rejects.toMatchObject({ code: "not-found" });
  expect(await service.restoreCheckpoint(birch, own.id, key())).toMatch(/^int_/);
});
