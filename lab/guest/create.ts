import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { domainXml, seedDisk } from "../../lib/provision/index.ts";
import { execOnHost, mustOnHost } from "../host/exec.ts";
import { labPaths } from "../paths.ts";
import { type OnPhase, phase } from "../phases.ts";
import { hostNetwork, type LabRecord, requireHost, requireRecord } from "../state.ts";
import { guestAddress, macAddress, prefixLength } from "../subnet.ts";
import { LabError } from "../system/error.ts";
import { readText, writeAtomic } from "../system/files.ts";
import { withLock } from "../system/lock.ts";
import { ensureImage } from "./image.ts";
import { type ImageName, linuxCommandLine } from "./inputs.ts";
import { checkGuestName, type GuestRecord, guestFiles, readGuest, readGuests, writeGuest } from "./record.ts";
import { homeOf, runningHosts, seenOn, virsh } from "./seen.ts";

export interface GuestOptions {
  name: string;
  host: string;
  /** 256 unless told. */
  memoryMiB?: number;
  /** What runs on it; `web` unless told. */
  image?: ImageName;
  /** On the storage that every host sees (default), or on the host's own. */
  disk?: "shared" | "local";
  /** What libvirt does when the guest panics: keep it, crashed, for whoever looks after it (default), or end it. */
  onCrash?: "preserve" | "destroy";
  /** Start it, too (default). */
  start?: boolean;
  onPhase?: OnPhase;
}

export interface GuestInfo {
  name: string;
  uuid: string;
  address: string;
  /** Where it was created. */
  host: string;
}

/**
 * Makes a guest, defines it persistently in its host's libvirt and starts it. Returns when libvirt has started it, not when
 * its services answer. Called again with the same options it finishes what is missing; with others it is an error. One that has
 * moved to another host meanwhile is left there, and started there: a second definition would be a second copy in waiting.
 */
export async function createGuest(lab: string, options: GuestOptions): Promise<GuestInfo> {
  const { start = true, onPhase } = options;
  checkGuestName(options.name);
  const { image = "web" } = options;
  // The lab's own record names its image of `web`: guests made later are the same as those made before.
  const other = image === "web" ? undefined : await ensureImage({ image, ...(onPhase ? { onPhase } : {}) });
  return await withLock(
    labPaths(lab).lock,
    async () => {
      const record = await requireRecord(lab);
      requireHost(record, options.host);
      const guest = await withLock(path.join(labPaths(lab).dir, "guests.lock"), () =>
        allocate(record, options, other?.hash ?? record.image),
      );
      const home = homeOf(await seenOn(lab, await runningHosts(lab), guest.uuid), guest.host);
      if (home === undefined) {
        await phase(`guest ${guest.name}: disks`, onPhase, () => makeDisks(record, guest));
        await phase(`guest ${guest.name}: domain`, onPhase, () => define(record, guest));
      }
      if (start) await phase(`guest ${guest.name}: start`, onPhase, () => startGuest(lab, guest, home ?? guest.host));
      return { name: guest.name, uuid: guest.uuid, address: guest.address, host: guest.host };
    },
    { shared: true },
  );
}

/** The record first, with its address: a crash later leaves something that create finishes and remove cleans. */
async function allocate(record: LabRecord, options: GuestOptions, imageHash: string): Promise<GuestRecord> {
  const { memoryMiB = 256, image = "web", disk = "shared", onCrash = "preserve" } = options;
  if (!Number.isInteger(memoryMiB) || memoryMiB < 64)
    throw new LabError(`${memoryMiB} MiB is no guest memory`, "at least 64 MiB; 256 is usual");
  const wanted = { host: options.host, memoryMiB, image, disk, onCrash };
  const before = await readGuest(record.name, options.name);
  if (before) {
    const other = Object.entries(wanted).find(([key, value]) =>
      Object.entries(before).some(([k, v]) => k === key && v !== value),
    );
    if (!other) return before;
    throw new LabError(
      `guest ${options.name} exists with another ${other[0]}`,
      `npm run lab -- guest remove ${options.name}`,
    );
  }
  const used = new Set((await readGuests(record.name)).map((guest) => guest.number));
  let number = 1;
  while (used.has(number)) number++;
  const address = guestAddress(record.index, number);
  if (!address)
    throw new LabError(`lab "${record.name}" has no address left for another guest`, "remove guests that nobody uses");
  const mac = macAddress(record.index, "guest", number);
  const guest: GuestRecord = {
    name: options.name,
    uuid: randomUUID(),
    number,
    address,
    mac,
    imageHash,
    ...wanted,
  };
  await writeGuest(record.name, guest);
  return guest;
}

async function makeDisks(record: LabRecord, guest: GuestRecord): Promise<void> {
  const files = guestFiles(record.name, guest);
  const keys = ((await readText(labPaths(record.name).authorizedKeys)) ?? "").split("\n").filter((line) => line !== "");
  await mkdir(path.dirname(files.here.seed), { recursive: true });
  if (!existsSync(files.here.seed)) {
    const { gateway } = hostNetwork(record.index, 1);
    const { address, mac } = guest;
    await writeAtomic(
      files.here.seed,
      seedDisk({
        instanceId: guest.uuid,
        hostName: guest.name,
        address,
        prefixLength,
        gateway,
        mac,
        authorizedKeys: keys,
      }),
    );
  }
  if (existsSync(files.here.disk)) return;
  const draft = `${files.disk}.${randomUUID()}`;
  await mustOnHost(record.name, guest.host, [
    "qemu-img",
    "create",
    "-q",
    "-f",
    "qcow2",
    "-F",
    "qcow2",
    "-b",
    files.backing,
    draft,
  ]);
  await mustOnHost(record.name, guest.host, ["mv", draft, files.disk]);
}

async function define(record: LabRecord, guest: GuestRecord): Promise<void> {
  const files = guestFiles(record.name, guest);
  const xml = domainXml({
    name: guest.name,
    uuid: guest.uuid,
    memoryMiB: guest.memoryMiB,
    type: record.kvm ? "kvm" : "qemu",
    boot: { kind: "kernel", kernel: files.kernel, initrd: files.initrd, commandLine: linuxCommandLine },
    disk: { path: files.disk, backing: { path: files.backing, format: "qcow2" } },
    seed: files.seed,
    bridge: "br0",
    mac: guest.mac,
    consoleLog: `/var/log/libvirt/qemu/${guest.name}-console.log`,
    onCrash: guest.onCrash,
  });
  await writeAtomic(files.here.xml, xml);
  await mustOnHost(record.name, guest.host, virsh("define", files.xml));
}

async function startGuest(lab: string, guest: GuestRecord, host: string): Promise<void> {
  const started = await execOnHost(lab, host, virsh("start", guest.uuid));
  if (started.code === 0) return;
  const state = (await mustOnHost(lab, host, virsh("domstate", guest.uuid))).trim();
  if (state !== "running") throw new LabError(`guest ${guest.name} does not start: ${started.stderr.trim()}`);
}
