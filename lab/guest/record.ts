import { readdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { hostPaths, imagesMount, labPaths, localImages, sharedMount } from "../paths.ts";
import { LabError } from "../system/error.ts";
import { readText, writeJson } from "../system/files.ts";
import { imageNames } from "./inputs.ts";

/** What the lab remembers of a guest it made: enough to make it again, and to remove it. */
export const guestRecord = z.object({
  name: z.string(),
  uuid: z.uuid(),
  /** Place in the subnet's range of guests. */
  number: z.number().int().min(0),
  address: z.string(),
  mac: z.string(),
  host: z.string(),
  memoryMiB: z.number().int(),
  image: z.enum(imageNames),
  imageHash: z.string(),
  disk: z.enum(["shared", "local"]),
  onCrash: z.enum(["preserve", "destroy"]),
});
export type GuestRecord = z.infer<typeof guestRecord>;

const recordFile = (lab: string, name: string) => path.join(labPaths(lab).guests, `${name}.json`);
export const recordOf = recordFile;

/** Host names are what a guest's name becomes: letters, digits, hyphens. */
export function checkGuestName(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new LabError(
    `"${name}" is no guest name`,
    "use small letters, digits and hyphens, at most 63, not at the ends",
  );
}

export async function readGuest(lab: string, name: string): Promise<GuestRecord | undefined> {
  const text = await readText(recordFile(lab, checkGuestName(name)));
  return text === undefined ? undefined : guestRecord.parse(JSON.parse(text));
}

export const writeGuest = (lab: string, record: GuestRecord) => writeJson(recordFile(lab, record.name), record);

export async function readGuests(lab: string): Promise<GuestRecord[]> {
  const files = await readdir(labPaths(lab).guests).catch(() => []);
  const names = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  const found = await Promise.all(names.map((name) => readGuest(lab, name)));
  return found.flatMap((guest) => guest ?? []).sort((a, b) => a.number - b.number);
}

/** The guest's files: as its host sees them, and the same files as the lab's commands see them. */
export function guestFiles(lab: string, guest: Pick<GuestRecord, "name" | "disk" | "host" | "imageHash">) {
  const shared = guest.disk === "shared";
  const onHost = shared ? sharedMount : localImages;
  const here = shared ? labPaths(lab).shared : path.join(hostPaths(lab, guest.host).files, localImages);
  const image = path.posix.join(imagesMount, guest.imageHash);
  const names = { disk: `${guest.name}.qcow2`, seed: `${guest.name}-seed.iso`, xml: `${guest.name}.xml` };
  return {
    disk: path.posix.join(onHost, names.disk),
    seed: path.posix.join(onHost, names.seed),
    xml: path.posix.join(onHost, names.xml),
    backing: path.posix.join(image, "root.qcow2"),
    kernel: path.posix.join(image, "vmlinuz"),
    initrd: path.posix.join(image, "initrd.img"),
    here: { disk: path.join(here, names.disk), seed: path.join(here, names.seed), xml: path.join(here, names.xml) },
  };
}
