import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LabState, labDown, labImage, labNetwork, labUp, runOnHost } from "../../lab/index.ts";
import type { HostSignal, Log, Provisioner } from "../engine/ports.ts";
import { type Allocation, type GuestNetwork, type HostId, type Image, idSource } from "../model/index.ts";

import { createHypervisor, createProvisioner, ensureIdentity, HostLinks, type Identity, systemClock } from "./index.ts";

const name = "prov";
const shared = "/srv/belay-shared";
const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const ids = idSource(Date.now, Math.random);

let lab: LabState;
let dir: string;
let identity: Identity;
let provisioner: Provisioner;
let hypervisor: ReturnType<typeof createHypervisor>;
let image: Image;
let network: GuestNetwork;
const hosts: HostId[] = [];
const stop = new AbortController();
const watches: AsyncIterator<HostSignal>[] = [];

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-prov-"));
  identity = await ensureIdentity(dir);
  lab = await labUp({ name, hosts: 2, authorize: [identity.publicKey] });
  image = { id: ids.next("img"), ...(await labImage(name, "web")) };
  network = await labNetwork(name);
  const links = new HostLinks();
  hypervisor = createHypervisor({ identityFile: identity.identityFile, clock: systemClock, log: quiet, links });
  provisioner = createProvisioner(links);
  for (const host of lab.hosts) {
    const id = ids.next("hst");
    hosts.push(id);
    const { uri, hostKeySha256 } = host;
    const signals = hypervisor.watch({ id, name: host.name, uri, hostKeySha256 }, stop.signal)[Symbol.asyncIterator]();
    watches.push(signals);
    for (let next = await signals.next(); next.value?.kind !== "connected"; next = await signals.next());
  }
});

afterAll(async () => {
  stop.abort();
  for (const watch of watches) await watch.return?.();
  await labDown(name);
  await rm(dir, { recursive: true, force: true });
});

const onHost = async (...argv: string[]) => (await runOnHost(name, "host-1", argv)).stdout.trim();
const virsh = (...argv: string[]) => onHost("virsh", "-q", ...argv);
/** Runs a command in a guest; undefined until it can be logged in to. */
const inGuest = async (address: string, command: string): Promise<string | undefined> => {
  const settings = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=2"];
  const flags = ["-F", "/dev/null", "-i", identity.identityFile, ...settings.flatMap((one) => ["-o", one])];
  const done = await promisify(execFile)("ssh", [...flags, `root@${address}`, command], { timeout: 10_000 }).catch(
    () => undefined,
  );
  return done?.stdout.trim();
};
const says = (address: string, command: string) =>
  expect.poll(() => inGuest(address, command), { timeout: 60_000, interval: 200 });
const definition = (uuid: string) => virsh("dumpxml", "--inactive", "--security-info", uuid);

const files = async () => (await onHost("ls", shared)).split("\n").filter((name) => name !== "" && name !== "images");

const allocation = (more: Partial<Allocation> = {}): Allocation => ({
  id: ids.next("alc"),
  organizationId: ids.next("org"),
  applicationId: ids.next("app"),
  imageId: image.id,
  name: "db-1",
  memoryMiB: 256,
  vcpus: 1,
  takingBack: false,
  apart: null,
  sshKeys: [identity.publicKey.trim()],
  state: "making",
  address: network.from,
  uuid: randomUUID(),
  hostId: null,
  vmId: null,
  askedAt: 0,
  endedAt: null,
  words: "",
  ...more,
});

test("a VM is made from an image, gets fresh disks beside its old one, and goes without a trace", async () => {
  const [host, other] = hosts;
  if (host === undefined || other === undefined) throw new Error("the lab has too few hosts");
  const vm = allocation();
  const { uuid, address } = vm;
  const stem = `belay-${uuid}`;

  // A crash while it was made has left a draft.
  await onHost("touch", `${shared}/${stem}.qcow2.draft-1`);
  expect(await provisioner.make(host, vm, image, network, shared)).toEqual({
    words: "db-1 was made from the image web.",
  });
  expect(await provisioner.make(host, vm, image, network, shared)).toEqual({ words: "db-1 is defined there already." });
  expect(await files()).toEqual([`${stem}-seed.iso`, `${stem}.qcow2`]);
  expect(await virsh("metadata", uuid, "urn:belay:vm:1")).toContain('generation="0"');
  expect(await virsh("domstate", uuid)).toBe("shut off");

  // Cut short between its disk and its definition, it is made again, on another host as well.
  await virsh("undefine", uuid);
  await provisioner.make(host, vm, image, network, shared);
  await expect(hypervisor.act(host, uuid, "start")).resolves.toMatchObject({ done: true });
  await says(address, "hostname; echo old > /root/marker; sync; cat /root/marker").toBe("db-1\nold");
  await expect(provisioner.renewDisk(host, vm, await definition(uuid), image, "rep_1")).rejects.toThrow(
    "db-1 runs, so its disk was left as it is.",
  );

  await hypervisor.act(host, uuid, "switch-off");
  const before = await definition(uuid);
  const first = await provisioner.renewDisk(host, vm, before, image, "rep_1");
  expect(first).toMatchObject({
    diskPaths: [`${shared}/${stem}-rep_1.qcow2`, `${shared}/${stem}-seed.iso`],
    words: "A fresh disk was made from the image web.",
  });
  expect(await provisioner.renewDisk(host, vm, before, image, "rep_1")).toEqual({
    ...first,
    words: "The fresh disk is there.",
  });
  await hypervisor.defineAgain(host, uuid, { xml: first.definition, persistent: true }, 1);
  await hypervisor.act(host, uuid, "start");
  await says(address, "hostname; ls /root/marker 2>&1 || true").toMatch(/^db-1\n.*No such file/);
  expect(await files()).toEqual([`${stem}-rep_1.qcow2`, `${stem}-seed.iso`, `${stem}.qcow2`]);

  // The next one: all stay until it is known that it serves, then only the generation before does.
  await hypervisor.act(host, uuid, "switch-off");
  const second = await provisioner.renewDisk(host, vm, await definition(uuid), image, "rep_2");
  const again = await provisioner.renewDisk(host, vm, second.definition, image, "rep_2");
  expect(again.diskPaths).toEqual(second.diskPaths);
  const kept = [`${stem}-rep_1.qcow2`, `${stem}-rep_2.qcow2`, `${stem}-seed.iso`];
  expect(await files()).toEqual([...kept, `${stem}.qcow2`]);
  for (const _ of [1, 2]) {
    await provisioner.removeOlderDisks(host, vm, [...second.diskPaths, ...first.diskPaths]);
    expect(await files()).toEqual(kept);
  }

  await hypervisor.act(host, uuid, "start");
  await provisioner.remove(host, uuid, shared);
  expect(await files()).toEqual([]);
  expect(await virsh("list", "--all", "--name")).toBe("");
  await expect(provisioner.remove(host, uuid, shared)).resolves.toEqual({
    words: "It was removed; its files were gone.",
  });
  await expect(provisioner.remove(other, uuid, shared)).resolves.toBeDefined();
});

test("what cannot be made is refused in words, and leaves nothing", async () => {
  const [host] = hosts;
  if (host === undefined) throw new Error("the lab has no host");
  const make = (more: Partial<Image>, vm = allocation(), directory = shared) =>
    provisioner.make(host, vm, { ...image, ...more }, network, directory);
  await expect(make({ path: "/srv/nothing.qcow2" })).rejects.toThrow("There is no file /srv/nothing.qcow2.");
  await expect(make({ format: "raw" })).rejects.toThrow("is said to be raw, and on this host it is qcow2.");
  await expect(make({}, allocation({ sshKeys: ["a\nb"] }))).rejects.toThrow("cannot stand in a seed.");
  await expect(make({}, allocation(), "/srv/no where")).rejects.toThrow("There is no directory /srv/no where.");
  expect(await files()).toEqual([]);
  await expect(provisioner.make(ids.next("hst"), allocation(), image, network, shared)).rejects.toMatchObject({
    name: "HostUnreachable",
  });
});
