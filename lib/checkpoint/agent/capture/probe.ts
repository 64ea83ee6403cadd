import { statfs, writeFile } from "node:fs/promises";
import { isNoDomain, isOperationInvalid, QmpError } from "../../../libvirt/index.ts";
import { emptyQcow2 } from "../../disk/index.ts";
import { detailOf } from "../failure.ts";
import { asRecord, type Monitor } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";
import { addNode, ours } from "./backup.ts";
import type { DisksFound } from "./disks.ts";
import { migrationState, type OwnCapability, setCapability } from "./migration.ts";
import { findShared } from "./shared/find.ts";

type Method = "background" | "live" | "stop" | "disk-only";
export interface Offer {
  readonly method: Method | null;
  readonly words: string;
  readonly lazy: boolean;
}

/** "" where it works, else why not. */
export interface Findings {
  readonly running: boolean;
  readonly disks: string;
  /** QEMU can write into our directory. */
  readonly copies: string;
  /** The guest's state can be taken out of QEMU at all. */
  readonly memory: string;
  readonly background: string;
  /** Its memory can be copied from outside of QEMU. */
  readonly shared: string;
  readonly live: string;
}

/** The best method that works, and why not a better one. Pure. */
export function choose(found: Findings): Omit<Offer, "lazy"> {
  if (!found.running) return { method: null, words: "The VM does not run." };
  if (found.disks !== "") return { method: null, words: found.disks };
  if (found.memory !== "") {
    const why = `Its memory cannot be saved: ${found.memory}`;
    return found.copies === ""
      ? { method: "disk-only", words: why }
      : { method: null, words: `${why} ${found.copies}` };
  }
  if (found.copies !== "") return { method: "stop", words: found.copies };
  if (found.background === "") return { method: "background", words: found.shared };
  if (found.live === "") return { method: "live", words: found.background };
  return { method: "stop", words: `${found.background} ${found.live}` };
}

/** Tries what can be tried without the guest feeling it: a capability is set and taken back, an empty image is opened and closed. */
export async function find(monitor: Monitor, disks: DisksFound, files: WorkFiles): Promise<Findings> {
  const { running } = asRecord(await monitor.qmp("query-status"));
  const { blocked } = await migrationState(monitor);
  return {
    running: running === true,
    disks: disks.ok ? "" : disks.words,
    copies: await tries(() => opensImage(monitor, files), "QEMU may not write into Belay's directory on the host"),
    memory: blocked,
    background: await tries(
      () => takes(monitor, files, "background-snapshot"),
      "QEMU cannot write this VM's memory while it runs, as it was at one instant",
    ),
    shared: await findShared(monitor).then((it) => (it.ok ? "" : it.words)),
    live: (await isEmulated(monitor))
      ? emulatedWords
      : await tries(
          () => takes(monitor, files, "pause-before-switchover"),
          "QEMU cannot stop this VM at the end of a copy",
        ),
  };
}

/** Seen: a guest that was restored from a copy made while it ran in emulation panicked (background.ts). */
const emulatedWords =
  "In emulation it is not sure that a copy made while the VM runs has all that it changed meanwhile.";

const isEmulated = async (monitor: Monitor): Promise<boolean> =>
  asRecord(await monitor.qmp("query-kvm")).enabled !== true;

async function tries(what: () => Promise<void>, words: string): Promise<string> {
  try {
    await what();
    return "";
  } catch (error) {
    return `${words}: ${detailOf(error)}.`;
  }
}

const offTries = 4;

/**
 * Whether QEMU has it for this guest. It is never left on: libvirt's next migration or save would inherit it. Should this process be killed
 * in between, or QEMU not answer, the mark has the next sweep take it back.
 */
export async function takes(
  monitor: Pick<Monitor, "qmp" | "domain">,
  files: Pick<WorkFiles, "markCapture" | "capturing" | "remove">,
  capability: OwnCapability,
  pauseMs = 250,
): Promise<void> {
  const { uuid } = monitor.domain;
  await files.markCapture({ uuid, checkpoint: "probe", method: "probe" });
  let lost: unknown;
  try {
    await setCapability(monitor, capability, true);
  } catch (error) {
    if (error instanceof QmpError) {
      await files.remove(files.capturing(uuid)); // QEMU itself says no
      throw error;
    }
    lost = error; // its answer: QEMU may have taken it
  }
  for (let tries = 1; ; tries++)
    try {
      await setCapability(monitor, capability, false);
      break;
    } catch (error) {
      if (isNoDomain(error) || isOperationInvalid(error)) break; // gone, and the capability with it
      if (tries === offTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  await files.remove(files.capturing(uuid));
  if (lost !== undefined) throw lost;
}

async function opensImage(monitor: Monitor, files: WorkFiles): Promise<void> {
  const file = files.path(monitor.domain.uuid, "probe");
  const node = `${ours}probe`;
  try {
    await writeFile(file, emptyQcow2(1024 * 1024), { mode: 0o600 });
    await addNode(monitor, node, file);
    await monitor.qmp("blockdev-del", { "node-name": node });
  } finally {
    await files.remove(file);
  }
}

/** Whether a restored guest's memory could lie in this host's tmpfs, from where it is mapped. */
export async function roomForMapping(memoryBytes: number): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs("/dev/shm");
    return bavail * bsize > memoryBytes * 1.1;
  } catch {
    return false;
  }
}
