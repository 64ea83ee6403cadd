import { z } from "zod";
import type { OwnDisk } from "./own-disk.ts";

/** The part of a definition that tells of one disk. Disks are not nested (libvirt.org/formatdomain.html). */
const anyDisk = /<disk\b[^>]*>[\s\S]*?<\/disk>/g;

/** The elements that name these files. */
const disksOf = (xml: string, paths: readonly string[]): string[] =>
  [...xml.matchAll(anyDisk)].map(([element]) => element).filter((it) => paths.some((path) => it.includes(path)));

const note = z.object({ disks: z.array(z.string()).min(1), diskPaths: z.array(z.string()), persistent: z.boolean() });

/** The VM's own disks, as they are written beside a step (for the provider), for a later repair of the same failure. */
export function diskNote({ xml, diskPaths, persistent }: OwnDisk): string {
  const disks = disksOf(xml, diskPaths).map((it) => it.replace(/>\s+</g, "><"));
  return JSON.stringify({ disks, diskPaths, persistent });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was noted, in the definition of now; undefined where there is no such note, or where it is of other disks. */
export function readDiskNote(
  detail: string | null | undefined,
  now: { readonly xml: string | null; readonly diskPaths: readonly string[] },
): OwnDisk | undefined {
  if (detail == null || now.xml === null) return undefined;
  const read = note.safeParse(parsed(detail)).data;
  const present = disksOf(now.xml, now.diskPaths);
  if (read === undefined || present.length < read.disks.length) return undefined;
  let { xml } = now;
  for (const [index, disk] of read.disks.entries()) xml = xml.replace(present[index] ?? disk, () => disk);
  return { xml, diskPaths: read.diskPaths, persistent: read.persistent };
}
