import { afterAll, beforeAll, expect, test } from "vitest";
import type { CheckpointStatus, Vm, VmId } from "../model/index.ts";
import { type TestCloud, testCloud } from "./testing/cloud.ts";

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await testCloud();
});
afterAll(() => cloud[Symbol.asyncDispose]());

const status = (vmId: VmId, more: Partial<CheckpointStatus> = {}): CheckpointStatus => ({
  vmId,
  offer: { method: "background", words: "one can do it", lazy: true },
  lastAt: null,
  keptEveryMs: null,
  trouble: null,
  standby: null,
  costMs: 100,
  tookMs: 700,
  ...more,
});

test("advice is reckoned from the VM's own measured cost and what is really stored", async () => {
  const { service, store, aster, ids } = cloud;
  const vm = await cloud.vm(await cloud.host("advice-1"), "saved", aster.organizationId);
  const before = await service.checkpointAdvice(aster, vm.id, { everyMs: 7_000 });
  expect(before).toMatchObject({ chosen: { everyMs: 7_000, changesBytes: null }, wholeBytes: null, impossible: null });
  expect(before.words.join(" ")).toMatch(/No checkpoint of this VM was taken yet/);

  const now = Date.now();
  await store.engine.recordCheckpointStatus(status(vm.id), now);
  for (const n of [1, 2, 3])
    await store.engine.recordCheckpoint(saved(vm, { id: ids.next("ckp"), at: now + n * 7_000 }), now);
  const after = await service.checkpointAdvice(aster, vm.id, { everyMs: 7_000 });
  expect(after).toMatchObject({ chosen: { changesBytes: 7 * 10 }, wholeBytes: 1_000, suggestedEveryMs: 12 * 60_000 });
  expect(after.words.join(" ")).toMatch(/Measured on this VM: the guest stands still for 0\.1 s/);
});

test("of an application it is told of the VM that a checkpoint costs most, by name", async () => {
  const { service, store, admin, aster } = cloud;
  const host = await cloud.host("advice-2");
  const shop = await service.createApplication(admin, { organizationId: aster.organizationId, name: "shop" });
  await expect(service.applicationCheckpointAdvice(aster, shop.id, {})).rejects.toThrow("has no VM yet");
  for (const [name, costMs] of [
    ["cheap", 10],
    ["dear", 900],
  ] as const) {
    const vm = await cloud.vm(host, name, aster.organizationId);
    await service.changeVm(admin, vm.id, { applicationId: shop.id });
    await store.engine.recordCheckpointStatus(status(vm.id, { costMs }), Date.now());
  }
  const advice = await service.applicationCheckpointAdvice(aster, shop.id, { everyMs: 7_000 });
  expect(advice.words[0]).toBe("Of its 2 VMs, this is what it means for dear.");
  expect(advice.words.at(-1)).toMatch(/takes more than 5 %/);
});

test("a customer gets none of others' VMs, and no words of a host", async () => {
  const { service, store, admin, aster, birch } = cloud;
  const vm = await cloud.vm(await cloud.host("advice-3"), "hidden", aster.organizationId);
  const offer = { method: null, words: "QEMU of advice-3 is too old", lazy: false };
  await store.engine.recordCheckpointStatus(status(vm.id, { offer, costMs: null, tookMs: null }), Date.now());
  await expect(service.checkpointAdvice(birch, vm.id, {})).rejects.toMatchObject({ code: "not-found" });
  expect((await service.checkpointAdvice(aster, vm.id, {})).impossible).toBe(
    "Its state cannot be saved where it runs now.",
  );
  expect((await service.checkpointAdvice(admin, vm.id, {})).impossible).toBe("QEMU of advice-3 is too old");
});

const saved = (vm: Vm, { id, at }: { id: ReturnType<typeof cloud.ids.next<"ckp">>; at: number }) => ({
  id,
  vmId: vm.id,
  at,
  method: "background" as const,
  state: "valid" as const,
  generation: 0,
  runId: 7,
  pauseMs: 30,
  tookMs: 700,
  wholeBytes: 1_000,
  changedBytes: 20,
  storedBytes: 10,
  verifiedAt: null,
  kept: false,
  words: "",
});
