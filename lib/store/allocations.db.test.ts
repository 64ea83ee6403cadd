import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import { died, enrol, type StoreBench, sight, storeBench } from "./testing/fixtures.ts";
import { seededIds } from "./testing/seeded.ts";
import { provisioning } from "./testing/together.ts";

let bench: StoreBench;
let rows: pg.Client;
beforeAll(async () => {
  bench = await storeBench();
  rows = new pg.Client({ connectionString: bench.database.url });
  await rows.connect();
});
afterAll(async () => {
  await rows.end();
  await bench.close();
});

const refusal = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

/** A VM that was asked for, made and is watched. */
async function madeVm(name: string) {
  const customer = await provisioning(bench, name);
  const allocation = await customer.ask(`${name}-1`, { apart: "db" });
  const host = await enrol(bench, `host-of-${name}`);
  const state = { state: "running", words: "It runs.", hostId: host.id } as const;
  const found = await bench.engine.adoptVm(host.id, sight(`${name}-1`), null, "running", 2000);
  const vm = await bench.engine.recordAllocated(allocation.id, found.id, 2000);
  await bench.engine.recordAllocation(allocation.id, state, 2100);
  return { ...customer, allocation, host, vm };
}

describe("a VM that is asked for", () => {
  test("is one per key, with an address of its own, however many ask at once", async () => {
    const { ask, organizationId } = await provisioning(bench, "aster");
    const first = await ask("web");
    expect(first).toMatchObject({ state: "asked", address: "198.18.0.10", hostId: null, vmId: null, endedAt: null });
    expect(await ask("web")).toEqual(first);
    await expect(ask("web", { memoryMiB: 512 })).rejects.toMatchObject(refusal("conflict", /key was used/));
    await expect(ask("web", {}, "another key")).rejects.toMatchObject(refusal("conflict", /a VM web already/));

    const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(5) });
    const {
      id: _,
      state: __,
      address: ___,
      hostId: ____,
      vmId: _____,
      endedAt: ______,
      words: _______,
      ...spec
    } = first;
    const asked = await Promise.all(
      Array.from({ length: 10 }, (_, nth) => {
        const { service } = nth % 2 === 0 ? bench : other;
        const name = `many-${nth}`;
        const id = bench.ids.next("alc");
        return service.askAllocation({ ...spec, id, name, uuid: name }, name, bench.admin, 1000);
      }),
    );
    await other.close();
    expect(new Set(asked.map((it) => it.address)).size).toBe(10);
    expect(await bench.service.allocations(organizationId)).toHaveLength(11);
    expect((await bench.engine.openAllocations()).map((it) => it.id)).toContain(first.id);
  });

  test("is refused in words: nobody's application, no network, too many, no address left", async () => {
    const { ask } = await provisioning(bench, "birch");
    const { applicationId } = await provisioning(bench, "cedar");
    await expect(ask("a", { applicationId })).rejects.toMatchObject(refusal("not-found", /no application/));
    await expect(ask("a", { memoryMiB: 20_000 })).rejects.toMatchObject(refusal("conflict", /at most 16384 MiB/));
    const { service, admin } = bench;
    await service.changePolicy({ customerMostVms: 1 }, admin, 300);
    await ask("a");
    await expect(ask("b")).rejects.toMatchObject(refusal("conflict", /at most 1 VMs/));
    const { network } = await service.changePolicy({ customerMostVms: 20 }, admin, 300);
    await service.changePolicy({ network: null }, admin, 300);
    await expect(ask("b")).rejects.toMatchObject(refusal("conflict", /has not set a network/));
    const one = { bridge: "br0", from: "198.18.9.5", to: "198.18.9.6", prefixLength: 24, gateway: "198.18.9.5" };
    await service.changePolicy({ network: one }, admin, 300);
    expect(await ask("b")).toMatchObject({ address: "198.18.9.6" });
    await expect(ask("c")).rejects.toMatchObject(refusal("conflict", /No address is left/));
    await service.changePolicy({ network }, admin, 300);
  });

  test("has a name that nobody else's has: one host carries one domain of a name", async () => {
    const { ask } = await provisioning(bench, "juniper");
    const others = await provisioning(bench, "larch");
    await ask("db-1");
    await expect(others.ask("db-1")).rejects.toMatchObject(refusal("conflict", /^The name db-1 is taken/));
    const host = await enrol(bench, "host-of-larch");
    await bench.engine.adoptVm(host.id, sight("brought-along"), null, "running", 2000);
    await expect(others.ask("brought-along")).rejects.toMatchObject(refusal("conflict", /is taken/));
  });

  test("is its customer's once it is watched, as it was asked for; what people change stays", async () => {
    const { vm, allocation, organizationId, applicationId, image } = await madeVm("dahlia");
    const { address } = allocation;
    expect(vm).toMatchObject({ organizationId, applicationId, imageId: image.id, address, apart: "db" });
    expect(vm).toMatchObject({ consent: "recreate", answerCheck: { kind: "icmp", address }, wanted: "running" });
    expect(await bench.engine.allocation(allocation.id)).toMatchObject({ state: "running", vmId: vm.id });
    const changed = await bench.service.changeVm(vm.id, { consent: "notify" }, bench.admin, 2200);
    expect(await bench.engine.recordAllocated(allocation.id, vm.id, 2300)).toEqual(changed);
    const { allocations } = await bench.service.snapshot(0);
    expect(allocations.map((it) => it.id)).toContain(allocation.id);
  });
});

describe("a VM that is given back", () => {
  test("is not wanted any more, goes once, and frees its address and name", async () => {
    const { vm, allocation, ask, organizationId } = await madeVm("elm");
    const freeing = await bench.service.askFree(vm.id, bench.admin, 3000);
    expect(freeing).toMatchObject({ state: "freeing" });
    expect(await bench.service.askFree(vm.id, bench.admin, 3100)).toEqual(freeing);
    expect(await bench.service.vm(vm.id)).toMatchObject({ wanted: "stopped" });
    // A step of its making that is done again does not bring it back.
    await bench.engine.recordAllocation(allocation.id, { state: "running", words: "It runs." }, 3200);
    expect(await bench.engine.allocation(allocation.id)).toEqual(freeing);
    for (const at of [3300, 3400]) await bench.engine.recordFreed(allocation.id, vm.id, at);
    expect(await bench.engine.allocation(allocation.id)).toMatchObject({ state: "freed", endedAt: 3300 });
    expect(await bench.service.vm(vm.id)).toBeUndefined();
    const gone = (await bench.store.feed.after(0, 10_000)).map((it) => it.change);
    expect(gone).toContainEqual({ kind: "vm.removed", vmId: vm.id, organizationId });
    expect(await ask(allocation.name, {}, "again")).toMatchObject({ address: allocation.address });
    expect(await bench.service.askFree(vm.id, bench.admin, 3500)).toMatchObject({ state: "freed" });
  });

  test("stays while it is repaired, and where Belay did not make it", async () => {
    const { vm, host } = await madeVm("fern");
    await bench.engine.openIncident(died(vm.id));
    await expect(bench.service.askFree(vm.id, bench.admin, 3000)).rejects.toMatchObject(
      refusal("conflict", /is being repaired/),
    );
    const found = await bench.engine.adoptVm(host.id, sight("brought"), null, "running", 2000);
    await expect(bench.service.askFree(found.id, bench.admin, 3000)).rejects.toMatchObject(
      refusal("not-allowed", /not made by Belay/),
    );
  });
});

test("an image that VMs are made from stays, and each name and content is one image's", async () => {
  const { image, vm, ask } = await madeVm("gorse");
  const { service, admin, ids } = bench;
  await expect(service.putImage({ ...image, id: ids.next("img") }, admin, 100)).rejects.toMatchObject(
    refusal("conflict", /image gorse already/),
  );
  await expect(service.putImage({ ...image, id: ids.next("img"), name: "x" }, admin, 100)).rejects.toMatchObject(
    refusal("conflict", /has this content/),
  );
  await ask("not made yet");
  await expect(service.removeImage(image.id, admin, 200)).rejects.toMatchObject(refusal("conflict", /^2 VMs/));
  expect(await service.setImageOf(vm.id, null, admin, 300)).toMatchObject({ imageId: null });
});

test("a key's digest finds it until it is revoked; the audit says by which key something was done", async () => {
  const { organizationId, applicationId } = await provisioning(bench, "hazel");
  const { service, ids, admin } = bench;
  const key = {
    id: ids.next("key"),
    organizationId,
    name: "manager",
    createdAt: 100,
    lastUsedAt: null,
    revokedAt: null,
  };
  const made = await service.createKey({ ...key, scopes: ["collaborate"] }, "digest", admin, 100);
  expect(await service.createKey({ ...key, name: "other", scopes: [] }, "other", admin, 200)).toEqual(made);
  expect(await service.keyByDigest("digest", 1000)).toEqual({ ...made, lastUsedAt: 1000 });
  expect(await service.keyByDigest("digest", 30_000)).toEqual({ ...made, lastUsedAt: 1000 });
  expect(await service.keyByDigest("digest", 70_000)).toEqual({ ...made, lastUsedAt: 70_000 });
  expect(await service.keyByDigest("other", 70_000)).toBeUndefined();
  const by = { ...admin, organizationId, role: "customer", key: { id: key.id, scopes: made.scopes } } as const;
  await service.changeApplication(applicationId, { agreement: { fallback: "hand-over" } }, by, 70_100);
  const audited = await rows.query("SELECT action, key_id, details FROM audit WHERE subject = $1 ORDER BY id", [
    applicationId,
  ]);
  expect(audited.rows[1]).toMatchObject({
    ...{ action: "application.change", key_id: key.id },
    details: { agreement: { from: { fallback: "own-disk" }, to: { fallback: "hand-over" } } },
  });
  await service.revokeKey(key.id, admin, 80_000);
  await service.revokeKey(key.id, admin, 90_000);
  expect(await service.keyByDigest("digest", 90_000)).toBeUndefined();
  expect(await service.keys(organizationId)).toMatchObject([{ revokedAt: 80_000 }]);
});

test("an agreement holds as far as the provider offers it now", async () => {
  const { vm, applicationId } = await madeVm("iris");
  const { service, admin, engine } = bench;
  const agreement = { answerWithinMs: 900_000, finishWithinMs: 60_000 };
  await service.changeApplication(applicationId, { agreement }, admin, 3000);
  expect(await engine.agreementOf(vm.id)).toEqual({
    ...{ answerWithinMs: 600_000, finishWithinMs: 60_000, fallback: "own-disk" },
  });
});
