import { mkdtemp, open, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createGuest,
  type GuestInfo,
  type LabState,
  labDown,
  labUp,
  powerOff,
  powerOn,
  runOnHost,
} from "../../lab/index.ts";
import { askWeb, until } from "../../lab/testing.ts";
import type { Fenced, RestoreProgress } from "../engine/ports.ts";
import { createHypervisor, ensureIdentity, HostLinks, hostShell, systemClock } from "../hypervisor/index.ts";
import { type CheckpointId, idSource } from "../model/index.ts";
import { createCheckpoints, type RealCheckpoints } from "./index.ts";
import { type LocalStore, openStore } from "./store/index.ts";
import { quiet } from "./testing/fake-agent.ts";
import { type Address, sayInGuest, watched } from "./testing/lab-hosts.ts";

/** A real guest that dies and goes on where it was saved: on its own host, on another, from a standby, beside itself. */

const name = "rs";
const ids = idSource(Date.now, Math.random);
const never = new AbortController().signal;

let lab: LabState;
let dir: string;
let key: string;
let guest: GuestInfo;
let hypervisor: ReturnType<typeof createHypervisor>;
let store: LocalStore;
let checkpoints: RealCheckpoints;
let one: Address;
let two: Address;
let definition: string;
let at: Address;
let newest: CheckpointId | null = null;
let generation = 1;
const stop = new AbortController();
const organizationId = null;
const vmId = ids.next("vm");
const vm = () => ({ id: vmId, uuid: guest.uuid, name: "rs-1", hostId: at.id, organizationId });

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-rs-"));
  const { identityFile, publicKey } = await ensureIdentity(dir);
  key = identityFile;
  lab = await labUp({ name, hosts: 2, authorize: [publicKey] });
  guest = await createGuest(name, { name: "rs-1", host: "host-1" });
  const links = new HostLinks();
  hypervisor = createHypervisor({ identityFile, clock: systemClock, log: quiet, links });
  store = await openStore({ directories: [path.join(dir, "store")] });
  checkpoints = createCheckpoints({ store, shell: hostShell(links), log: quiet });
  const [first, second] = lab.hosts.map((host) => ({
    id: ids.next("hst"),
    name: host.name,
    uri: host.uri,
    hostKeySha256: host.hostKeySha256,
  }));
  if (first === undefined || second === undefined) throw new Error("the lab has too few hosts");
  one = await watched(hypervisor, first, stop.signal);
  two = await watched(hypervisor, second, stop.signal);
  at = one;
  definition = (await hypervisor.readDefinition(one.id, guest.uuid)).xml;
  await until("the guest answers", () => askWeb(guest.address), 60_000);
  // What only a memory that went on can show: files of a tmpfs, and a program that counts.
  await until(
    "the guest lets us in",
    () =>
      inGuest("true").then(
        () => true,
        () => undefined,
      ),
    60_000,
  );
  await inGuest(
    "mkdir -p /dev/shm/w; ln -sfn /dev/shm/w /var/www/ram; " +
      "(n=0; while :; do n=$((n+1)); echo $n > /dev/shm/w/n.new; mv /dev/shm/w/n.new /dev/shm/w/counter; sleep 0.1; done) >/dev/null 2>&1 </dev/null &",
  );
}, 240_000);
afterAll(async () => {
  stop.abort();
  checkpoints?.close();
  await store?.close();
  await labDown(name);
  await rm(dir, { recursive: true, force: true });
});

const inGuest = (command: string) => sayInGuest(guest.address, key, command);
const host = async (on: Address, command: string) =>
  (await runOnHost(name, on.name, ["sh", "-c", command])).stdout.trim();
const web = async (file: string): Promise<string> => {
  const reply = await fetch(`http://${guest.address}/${file}`, { signal: AbortSignal.timeout(2_000) });
  return reply.ok ? (await reply.text()).trim() : "";
};
const counter = async () => Number(await web("ram/counter"));
const proof = () => ({ host: at.id, method: "power", at: Date.now(), words: "" }) as unknown as Fenced;

/** A word in the guest's memory and the same one on its disk. */
const mark = (word: string) => inGuest(`echo ${word} > /dev/shm/w/word; echo ${word} > /var/www/word; sync; sync`);
const marks = async () => ({ memory: await web("ram/word"), disk: await web("word") });

async function take(method: "background" | "disk-only" = "background"): Promise<CheckpointId> {
  const id = ids.next("ckp");
  const taken = await checkpoints.capture({ id, vm: vm(), method, base: newest }, never);
  expect(taken).toMatchObject({ method });
  newest = id;
  return id;
}
const killed = () =>
  host(
    at,
    "kill -9 $(cat /run/libvirt/qemu/rs-1.pid); while virsh domstate rs-1 | grep -q running; do sleep 0.1; done",
  );
async function restored(target: Address, checkpoint: CheckpointId, elsewhere = false) {
  generation += 1;
  const seen: RestoreProgress[] = [];
  const request = { checkpoint, vm: vm(), definition, generation };
  const restore = () => checkpoints.restore(target.id, request, elsewhere ? proof() : null, (it) => seen.push(it));
  const found = await restore();
  expect(await restore()).toMatchObject({ done: false });
  at = target;
  return { ...found, phases: [...new Set(seen.map(({ phase }) => phase))] };
}
/** It goes on as the very run that was saved. */
async function goesOn(bootId: string, atLeast: number): Promise<void> {
  expect(await until("the guest answers", () => askWeb(guest.address))).toMatchObject({ bootId });
  const now = await counter();
  expect(now).toBeGreaterThanOrEqual(atLeast);
  await expect.poll(counter).toBeGreaterThan(now);
}

test("a guest whose QEMU is killed goes on on its own host, its memory mapped, disk and memory of one instant", async () => {
  const offer = await checkpoints.probe(one.id, vm());
  expect(offer).toMatchObject({ method: "background" });
  const { bootId } = await until("the guest answers", () => askWeb(guest.address));
  await mark("first");
  const before = await counter();
  const id = await take();
  await mark("second");
  const original = (await hypervisor.readDefinition(one.id, guest.uuid)).diskPaths;
  await killed();
  expect(await restored(one, id)).toMatchObject({
    done: true,
    lazy: true,
    phases: expect.arrayContaining(["reading", "memory", "starting"]),
  });
  await goesOn(bootId, before);
  expect(await marks()).toEqual({ memory: "first", disk: "first" });
  const kept = await hypervisor.readDefinition(one.id, guest.uuid);
  expect(kept.xml).toContain(`generation="${generation}"`);
  expect(kept.xml).not.toContain("mem-path");
  expect(kept.diskPaths).not.toEqual(original);
  for (const file of original) expect(await host(one, `test -e ${file} && echo there`)).toBe("there");
});

test("moves to another host while it runs, its memory in an image there too, and is saved and restored there", async () => {
  const { bootId } = await until("the guest answers", () => askWeb(guest.address));
  const move = async (to: Address) => {
    const before = await counter();
    await hypervisor.migrate(at.id, guest.uuid, to, generation, () => {}, never);
    expect(await host(at, "ls /dev/shm/belay")).toBe("");
    at = to;
    await goesOn(bootId, before);
  };
  await host(two, "mount -o remount,size=16m /dev/shm");
  await expect(move(two)).rejects.toThrow(/no room for it in \/dev\/shm. Restart the VM/);
  expect(await hypervisor.readDomain(one.id, guest.uuid)).toMatchObject({ state: "running" });
  await host(two, "mount -o remount,size=4g /dev/shm");
  await mark("moving");
  await move(two);
  expect(await marks()).toEqual({ memory: "moving", disk: "moving" });
  const before = await counter();
  const id = await take();
  await mark("lost");
  await killed();
  expect(await restored(two, id)).toMatchObject({ done: true, lazy: true });
  await goesOn(bootId, before);
  expect(await marks()).toEqual({ memory: "moving", disk: "moving" });
  await move(one);
});

test("is captured again in the background, and restored with its memory read where there is no room to map it", async () => {
  const { bootId } = await until("the guest answers", () => askWeb(guest.address));
  await mark("third");
  const before = await counter();
  const id = await take();
  await killed();
  await host(one, "rm -f /dev/shm/belay/*; mount -o remount,size=16m /dev/shm");
  expect(await restored(one, id)).toMatchObject({ done: true, lazy: false });
  await goesOn(bootId, before);
  expect(await marks()).toEqual({ memory: "third", disk: "third" });
  await host(one, "mount -o remount,size=4g /dev/shm");
});

test("goes on on the other host when its own has lost power", async () => {
  const { bootId } = await until("the guest answers", () => askWeb(guest.address));
  await mark("fourth");
  const before = await counter();
  const id = await take();
  await mark("lost");
  await powerOff(name, one.name);
  expect(await restored(two, id, true)).toMatchObject({ done: true, lazy: true });
  await goesOn(bootId, before);
  expect(await marks()).toEqual({ memory: "fourth", disk: "fourth" });
});

test("a standby is refreshed by what differs, and started without any transfer", async () => {
  await powerOn(name, one.name);
  await until(
    "host-1 is back",
    () =>
      hypervisor.copiesOn(one.id).then(
        () => true,
        () => undefined,
      ),
    60_000,
  );
  await hypervisor.discard(one.id, guest.uuid, generation);
  const { bootId } = await until("the guest answers", () => askWeb(guest.address));
  const request = (checkpoint: CheckpointId) => ({ checkpoint, vm: vm(), definition, generation });
  const a = await take();
  await checkpoints.refreshStandby(one.id, request(a));
  expect(await checkpoints.standbyReady(one.id, vm(), a)).toBe(true);
  await mark("fifth");
  const before = await counter();
  const b = await take();
  expect(await checkpoints.standbyReady(one.id, vm(), b)).toBe(false);
  await checkpoints.refreshStandby(one.id, request(b));
  await checkpoints.refreshStandby(one.id, request(b));
  expect(await checkpoints.standbyReady(one.id, vm(), b)).toBe(true);
  await mark("lost");
  await host(two, "virsh destroy rs-1");
  expect(await restored(one, b, true)).toMatchObject({ done: true, lazy: true, phases: ["reading", "starting"] });
  await goesOn(bootId, before);
  expect(await marks()).toEqual({ memory: "fifth", disk: "fifth" });
  expect(await checkpoints.standbyReady(one.id, vm(), b)).toBe(false); // it runs now: a replica it is no more
});

test("begins anew beside itself, unplugged, and the first one feels nothing", async () => {
  const { bootId } = await until("the guest answers", () => askWeb(guest.address));
  const id = newest ?? (await take());
  const beside = { name: "rs-1-look", uuid: crypto.randomUUID() };
  const request = { checkpoint: id, vm: vm(), definition, generation: 1, beside };
  expect(await checkpoints.restore(one.id, request, null, () => {})).toMatchObject({ done: true });
  const copies = await hypervisor.copiesOn(one.id);
  expect(
    copies
      .filter(({ active }) => active)
      .map((copy) => copy.name)
      .sort(),
  ).toEqual(["rs-1", "rs-1-look"]);
  expect(await askWeb(guest.address)).toMatchObject({ bootId });
  await host(one, "virsh suspend rs-1");
  expect(await askWeb(guest.address)).toBeUndefined(); // the other one has the same address, and no cable
  await host(one, "virsh resume rs-1");
  await host(one, "virsh destroy rs-1-look; virsh undefine rs-1-look");
});

test("boots from its disks where only they were saved", async () => {
  const { bootId } = await until("the guest answers", () => askWeb(guest.address));
  await mark("sixth");
  const id = await take("disk-only");
  await mark("seventh");
  await killed();
  expect(await restored(one, id)).toMatchObject({ done: true, lazy: false });
  const anew = await until("the guest answers", () => askWeb(guest.address), 60_000);
  expect(anew.bootId).not.toBe(bootId);
  expect(await marks()).toEqual({ memory: "", disk: "sixth" });
});

test("boots from the disk that it had, with all that was written to it, where a restore did not help", async () => {
  await until("the guest answers", () => askWeb(guest.address));
  // It has booted since.
  await until("the guest lets us in", () =>
    inGuest("mkdir -p /dev/shm/w").then(
      () => true,
      () => undefined,
    ),
  );
  await mark("eighth");
  const id = await take();
  await mark("ninth");
  const own = await hypervisor.readDefinition(one.id, guest.uuid);
  await killed();
  expect(await restored(one, id)).toMatchObject({ done: true });
  await until("the guest answers", () => askWeb(guest.address));
  expect(await marks()).toMatchObject({ disk: "eighth" });
  const back = () => hypervisor.defineAgain(one.id, guest.uuid, { xml: own.xml, persistent: true }, generation);
  await expect(back()).rejects.toMatchObject({ name: "HypervisorRefused" });
  await hypervisor.act(one.id, guest.uuid, "switch-off");
  await back();
  await back();
  expect((await hypervisor.readDefinition(one.id, guest.uuid)).diskPaths).toEqual(own.diskPaths);
  await hypervisor.act(one.id, guest.uuid, "start");
  await until("the guest answers", () => askWeb(guest.address), 60_000);
  expect(await marks()).toMatchObject({ disk: "ninth" });
});

test("who starts it while it is being restored is not taken for the restore", async () => {
  const id = await take();
  await killed();
  generation += 1;
  const request = { checkpoint: id, vm: vm(), definition, generation };
  const seen: string[] = [];
  const started = Promise.withResolvers<string>();
  const onProgress = ({ phase }: RestoreProgress) => {
    if (phase === "starting" && !seen.includes(phase)) started.resolve(host(one, "virsh start rs-1 2>&1 || true"));
    seen.push(phase);
  };
  const end = await checkpoints.restore(one.id, request, null, onProgress).then(
    () => "restored" as const,
    () => "refused" as const,
  );
  const byHand = (await started.promise).includes("started");
  // Whoever was quicker: one of them, and the other one is told so.
  expect(byHand).toBe(end === "refused");
  expect(await hypervisor.readDomain(one.id, guest.uuid)).toMatchObject({ state: "running" });
  const live = await host(one, "virsh dumpxml rs-1");
  expect(live.includes("restore=")).toBe(end === "restored");
  await until("the guest answers", () => askWeb(guest.address), 60_000);
});

test("a damaged checkpoint is said, and nothing is changed", async () => {
  const whole = newest;
  const id = await take();
  const files = async () => host(one, "ls /srv/belay-shared /var/lib/libvirt/belay-host/restores");
  await killed();
  const before = [await files(), (await hypervisor.readDefinition(one.id, guest.uuid)).xml];
  for (const segment of await readdir(path.join(dir, "store/segments"))) {
    const file = await open(path.join(dir, "store/segments", segment), "r+");
    const { size } = await file.stat();
    for (let offset = 4096; offset < size; offset += 16_384) await file.write(Buffer.from("damage"), 0, 6, offset);
    await file.close();
  }
  const request = { checkpoint: id, vm: vm(), definition, generation: generation + 1 };
  await expect(checkpoints.restore(one.id, request, null, () => {})).rejects.toMatchObject({
    name: "CheckpointDamaged",
  });
  expect([await files(), (await hypervisor.readDefinition(one.id, guest.uuid)).xml]).toEqual(before);
  expect(await hypervisor.readDomain(one.id, guest.uuid)).toMatchObject({ state: "stopped" });
  expect((await checkpoints.held(vm())).find((it) => it.id === id)?.valid).toBe(false);
  expect(whole).not.toBeNull();
});
