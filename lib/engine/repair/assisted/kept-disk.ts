import type { Repair } from "../../../model/index.ts";
import type { OwnDisk } from "../restore/own-disk.ts";
import type { StepEnd } from "../step.ts";
import { vmWork } from "../work.ts";
import type { Run } from "./run.ts";

/** The part of a definition that tells of one disk. Disks are not nested (libvirt.org/formatdomain.html). */
const disks = /<disk\b[^>]*>[\s\S]*?<\/disk>/g;

/** What of a definition a fresh disk takes the place of: the first element that names one of these files. */
const diskOf = (xml: string, paths: readonly string[]): string | undefined =>
  [...xml.matchAll(disks)].map(([element]) => element).find((element) => paths.some((path) => element.includes(path)));

/**
 * The disk that a VM had before it was made anew is written beside the step that notes it (for the provider), so that the next repair of the
 * same failure still knows it: the one before may have been ended in the middle by the failure of its host.
 */
export function withOwnDisk(noted: StepEnd<OwnDisk>): StepEnd<OwnDisk> {
  if (!noted.ok) return noted;
  const { xml, diskPaths, persistent } = noted.value;
  const disk = diskOf(xml, diskPaths)?.replace(/>\s+</g, "><");
  return { ...noted, detail: JSON.stringify({ disk, diskPaths, persistent }) };
}

function readBack(detail: string, now: { readonly xml: string; readonly diskPaths: readonly string[] }) {
  let read: unknown;
  try {
    read = JSON.parse(detail);
  } catch {
    return undefined;
  }
  if (typeof read !== "object" || read === null) return undefined;
  const all = new Map<string, unknown>(Object.entries(read));
  const [disk, paths, present] = [all.get("disk"), all.get("diskPaths"), diskOf(now.xml, now.diskPaths)];
  if (typeof disk !== "string" || !Array.isArray(paths) || present === undefined) return undefined;
  const diskPaths = paths.flatMap((it: unknown) => (typeof it === "string" ? [it] : []));
  return { xml: now.xml.replace(present, () => disk), diskPaths, persistent: all.get("persistent") !== false };
}

const renewed = ({ steps }: Repair) => steps.some((it) => it.name.startsWith("new disk"));

/** As an earlier repair of this failure noted it, where that one made the VM anew and did not end well. */
export async function keptOwnDisk({ env, repair }: Run): Promise<StepEnd<OwnDisk> | undefined> {
  const { vm, incident, definition } = await vmWork(env, repair);
  for (const earlier of incident.repairs) {
    if (earlier.id === repair || !renewed(earlier) || definition === null) continue;
    const detail = earlier.steps.find((it) => it.name === "own disk")?.detail;
    const value = detail == null ? undefined : readBack(detail, { xml: definition, diskPaths: vm.diskPaths });
    if (value !== undefined) return { ok: true, words: "It is known what it was made of before.", value };
  }
  return undefined;
}
