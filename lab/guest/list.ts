import { rm } from "node:fs/promises";
import path from "node:path";
import { execOnHost, mustOnHost } from "../host/exec.ts";
import { labPaths } from "../paths.ts";
import { LabError } from "../system/error.ts";
import { withLock } from "../system/lock.ts";
import type { GuestInfo } from "./create.ts";
import { type GuestRecord, guestFiles, readGuest, readGuests, recordOf } from "./record.ts";
import { runningHosts, type Seen, seenOn, virsh } from "./seen.ts";

export interface GuestStatus extends GuestInfo {
  memoryMiB: number;
  disk: "shared" | "local";
  /** Where libvirt knows it now, in virsh's words ("running", "crashed", …). Empty while its hosts are off. */
  seen: Seen[];
}

/** The lab's guests, with what the hosts that are on say of them. A guest may have moved since it was made. */
export async function listGuests(lab: string): Promise<GuestStatus[]> {
  const hosts = await runningHosts(lab);
  return await Promise.all(
    (await readGuests(lab)).map(async ({ name, uuid, address, host, memoryMiB, disk }) => {
      return { name, uuid, address, host, memoryMiB, disk, seen: await seenOn(lab, hosts, uuid) };
    }),
  );
}

/** Ends a guest, undefines it wherever it is defined and deletes its disks. Twice is once. Its hosts must be on. */
export async function removeGuest(lab: string, name: string): Promise<void> {
  await withLock(
    labPaths(lab).lock,
    async () => {
      const guest = await readGuest(lab, name);
      if (guest) await withLock(path.join(labPaths(lab).dir, "guests.lock"), () => remove(lab, guest));
    },
    { shared: true },
  );
}

async function remove(lab: string, guest: GuestRecord): Promise<void> {
  const hosts = await runningHosts(lab);
  if (!hosts.includes(guest.host))
    throw new LabError(
      `${guest.host}, where ${guest.name} is defined, is off`,
      `npm run lab -- power on ${guest.host}`,
    );
  for (const { host, state } of await seenOn(lab, hosts, guest.uuid)) {
    // "shut off" may be what it becomes between the question and the order: destroy of a stopped domain is no failure.
    if (state !== "shut off") await execOnHost(lab, host, virsh("destroy", guest.uuid));
    await mustOnHost(lab, host, virsh("undefine", "--managed-save", "--snapshots-metadata", guest.uuid));
  }
  const { here } = guestFiles(lab, guest);
  for (const file of [here.disk, here.seed, here.xml, recordOf(lab, guest.name)]) await rm(file, { force: true });
}
