import { expect, test } from "vitest";
import {
  CaptureFailed,
  type CaptureRequest,
  CheckpointDamaged,
  type Fenced,
  HostUnreachable,
  HypervisorRefused,
} from "../../engine/ports.ts";
import type { CheckpointId } from "../../model/index.ts";
import { watchedCloud } from "../hypervisor/testing.ts";
import { seededIds } from "../ids.ts";
import { workOf } from "../world/work.ts";

const hosts = [
  { name: "host-1", sharedPaths: ["/shared"], vms: [{ name: "web-1" }, { name: "web-2" }] },
  { name: "host-2", sharedPaths: ["/shared"], vms: [{ name: "db-1" }] },
];
/** A test holds no proof: only the fencing step makes one. */
const claimed: Fenced = JSON.parse(JSON.stringify({ host: "host-1", method: "power", at: 0, words: "claimed" }));

async function stage() {
  const on = await watchedCloud(hosts);
  const { cloud, clock, idOf, uuidOf, settled } = on;
  const { checkpoints, world } = cloud;
  const ids = seededIds(7, clock);
  const vmIds = new Map(["web-1", "web-2", "db-1"].map((name) => [name, ids.next("vm")]));
  const hostOf = (name: string) => (name === "db-1" ? "host-2" : "host-1");
  const vmOf = (name: string) => {
    const id = vmIds.get(name);
    if (!id) throw new Error(`no VM ${name}`);
    return { id, uuid: uuidOf(name), name, hostId: idOf(hostOf(name)), organizationId: null };
  };
  const request = (name: string, base: CheckpointId | null = null): CaptureRequest => ({
    ...{ id: ids.next("ckp"), vm: vmOf(name), method: "background", base },
  });
  const never = new AbortController().signal;
  const domain = (name: string, host = hostOf(name)) => world.host(host)?.domains.get(uuidOf(name));
  const doneMs = (name: string, host?: string) => {
    const guest = world.guest(uuidOf(name));
    return guest ? workOf(domain(name, host), guest, clock.now()).doneMs : 0;
  };
  const definition = async (name: string) => {
    const found = await settled(cloud.hypervisor.readDefinition(idOf(hostOf(name)), uuidOf(name)));
    if (found instanceof Error) throw found;
    return found.xml;
  };
  const take = async (name: string, base: CheckpointId | null = null) => {
    const asked = request(name, base);
    const captured = await settled(checkpoints.capture(asked, never));
    if (captured instanceof Error) throw captured;
    return { id: asked.id, captured };
  };
  const restore = (name: string, checkpoint: CheckpointId, xml: string, target = hostOf(name), generation = 1) =>
    settled(
      checkpoints.restore(
        idOf(target),
        { checkpoint, vm: vmOf(name), definition: xml, generation },
        target === hostOf(name) ? null : claimed,
        () => undefined,
      ),
    );
  return { ...on, checkpoints, world, ids, vmOf, request, never, domain, doneMs, definition, take, restore };
}

test("a guest hardly stands still for a capture, and a restore takes it back to what it was then", async () => {
  const { take, clock, definition, cloud, restore, doneMs, checkpoints, vmOf, settled, world } = await stage();
  const xml = await definition("web-1");
  const first = await take("web-1");
  expect(first.captured.pauseMs).toBeLessThan(50);
  await clock.advance(6000);
  const before = doneMs("web-1");
  cloud.befall({ do: "kill-qemu", vm: "web-1" });
  await clock.advance(1000);
  expect(await restore("web-1", first.id, xml)).toMatchObject({ done: true, lazy: true });
  const [restored] = world.saved.restores;
  expect(restored).toMatchObject({ real: true, undamaged: true });
  expect(before - (restored?.lostMs ?? 0)).toBeLessThan(before - 5000);
  expect(await restore("web-1", first.id, xml)).toMatchObject({ done: false });
  expect(await settled(checkpoints.held(vmOf("web-1")))).toEqual([
    { id: first.id, at: first.captured.at, valid: true },
  ]);
  expect(world.violations()).toEqual([]);
});

test("a capture that was cut short leaves things behind until they are swept; the guest goes on within a second", async () => {
  const { request, checkpoints, never, clock, cloud, world, domain, settled, idOf, vmOf } = await stage();
  const capturing = checkpoints.capture(request("web-1"), never);
  const failed = expect(capturing).rejects.toMatchObject({ kind: "interrupted" });
  await clock.runUntil(() => domain("web-1")?.state === "paused", 1000);
  cloud.befall({ do: "agent-dies", host: "host-1" });
  await clock.advance(0);
  expect(domain("web-1")?.state).toBe("paused");
  await clock.advance(1000);
  expect(domain("web-1")?.state).toBe("running");
  expect(world.saved.leftovers.size).toBe(1);
  await settled(checkpoints.sweep(idOf("host-1"), vmOf("web-1")));
  expect(world.saved.leftovers.size).toBe(0);
  expect(world.saved.states.size).toBe(0);
  await failed;
});

test("a store that is full keeps what it has", async () => {
  const { take, checkpoints, cloud, settled, request, never } = await stage();
  const { id } = await take("web-1");
  cloud.befall({ do: "store-fills" });
  const failed = await settled(checkpoints.capture(request("web-1", id), never));
  expect(failed).toBeInstanceOf(CaptureFailed);
  expect(failed).toMatchObject({ kind: "store-full" });
  expect(await settled(checkpoints.verify(id))).toBe(true);
});

test("a damaged checkpoint is not restored from, and what shares its pages is as damaged", async () => {
  const { take, checkpoints, cloud, settled, definition, restore, clock, vmOf } = await stage();
  const xml = await definition("web-1");
  const older = await take("web-1");
  const newest = await take("web-1", older.id);
  cloud.befall({ do: "checkpoint-damaged", vm: "web-1", newest: 1 });
  const heir = await take("web-1", newest.id);
  cloud.befall({ do: "kill-qemu", vm: "web-1" });
  await clock.advance(1000);
  expect(await restore("web-1", heir.id, xml)).toBeInstanceOf(CheckpointDamaged);
  expect(await restore("web-1", newest.id, xml)).toBeInstanceOf(CheckpointDamaged);
  expect(await restore("web-1", older.id, xml)).toMatchObject({ done: true });
  expect(await settled(checkpoints.held(vmOf("web-1")))).toMatchObject([
    { valid: false },
    { valid: false },
    { valid: true },
  ]);
});

test("a restore without proof while another host runs the VM is seen, whatever its disks' locks say", async () => {
  const { take, definition, restore, world } = await stage();
  const { id } = await take("web-1");
  expect(await restore("web-1", id, await definition("web-1"))).toBeInstanceOf(HypervisorRefused);
  await restore("web-1", id, await definition("web-1"), "host-2");
  expect(world.violations().map((it) => it.invariant)).toContain(1);
});

test("a group is of one instant, or is not kept", async () => {
  const { checkpoints, request, never, settled, cloud, world } = await stage();
  const taken = await settled(checkpoints.captureGroup([request("web-1"), request("db-1")], never));
  if (taken instanceof Error) throw taken;
  expect(new Set([...taken.values()].map((it) => it.at)).size).toBe(1);
  cloud.befall({ do: "kill-qemu", vm: "db-1" });
  expect(await settled(checkpoints.captureGroup([request("web-1"), request("db-1")], never))).toBeInstanceOf(
    CaptureFailed,
  );
  expect(world.saved.states.size).toBe(2);
  expect(world.saved.captures.size).toBe(0);
});

test("a replica that stands by is activated at once, and is gone with its host's power", async () => {
  const { take, checkpoints, settled, definition, idOf, vmOf, cloud, clock, restore, domain } = await stage();
  const { id } = await take("web-1");
  const given = { checkpoint: id, vm: vmOf("web-1"), definition: await definition("web-1"), generation: 1 };
  await settled(checkpoints.refreshStandby(idOf("host-2"), given));
  expect(await settled(checkpoints.standbyReady(idOf("host-2"), vmOf("web-1"), id))).toBe(true);
  cloud.befall({ do: "host-power-off", host: "host-1" });
  const begun = clock.now();
  expect(await restore("web-1", id, given.definition, "host-2")).toMatchObject({ done: true });
  expect(domain("web-1", "host-2")?.state).toBe("running");
  expect(domain("web-1", "host-2")?.answersFrom).toBeLessThan(begun + 400);
  expect(await settled(checkpoints.standbyReady(idOf("host-2"), vmOf("web-1"), id))).toBe(false);
});

test("a host that is gone in the middle", async () => {
  const { checkpoints, request, never, settled, cloud, world } = await stage();
  const capturing = settled(checkpoints.capture(request("web-1"), never));
  cloud.befall({ do: "host-power-off", host: "host-1" });
  expect(await capturing).toBeInstanceOf(HostUnreachable);
  expect(world.saved.captures.size).toBe(0);
});

test("restored beside, it has a name of its own and its links are down", async () => {
  const { take, checkpoints, settled, definition, idOf, vmOf, world, domain } = await stage();
  const { id } = await take("web-1");
  const beside = { name: "web-1-look", uuid: "00000000-0000-4000-8000-000000000001" };
  const given = { checkpoint: id, vm: vmOf("web-1"), definition: await definition("web-1"), generation: 1, beside };
  expect(await settled(checkpoints.restore(idOf("host-2"), given, null, () => undefined))).toMatchObject({
    done: true,
  });
  expect(await settled(checkpoints.restore(idOf("host-2"), given, null, () => undefined))).toMatchObject({
    done: false,
  });
  expect(world.guest(beside.uuid)).toMatchObject({ name: "web-1-look", unplugged: true });
  expect(domain("web-1")?.state).toBe("running");
  expect(world.violations()).toEqual([]);
});
