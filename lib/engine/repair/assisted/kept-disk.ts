import type { Repair } from "../../../model/index.ts";
import { diskNote, readDiskNote } from "../restore/disk-note.ts";
import type { OwnDisk } from "../restore/own-disk.ts";
import type { StepEnd } from "../step.ts";
import { vmWork } from "../work.ts";
import type { Run } from "./run.ts";

/**
 * The disk that a VM had before it was made anew is written beside the step that notes it, so that the next repair of the same failure still
 * knows it: the one before may have been ended in the middle by the failure of its host.
 */
export const withOwnDisk = (noted: StepEnd<OwnDisk>): StepEnd<OwnDisk> =>
  noted.ok ? { ...noted, detail: diskNote(noted.value) } : noted;

const renewed = ({ steps }: Repair) => steps.some((it) => it.name.startsWith("new disk"));

/** As an earlier repair of this failure noted it, where that one made the VM anew and did not end well. */
export async function keptOwnDisk({ env, repair }: Run): Promise<StepEnd<OwnDisk> | undefined> {
  const { vm, incident, definition } = await vmWork(env, repair);
  for (const earlier of incident.repairs) {
    if (earlier.id === repair || !renewed(earlier)) continue;
    const detail = earlier.steps.find((it) => it.name === "own disk")?.detail;
    const value = readDiskNote(detail, { xml: definition, diskPaths: vm.diskPaths });
    if (value !== undefined) return { ok: true, words: "It is known what it was made of before.", value };
  }
  return undefined;
}
