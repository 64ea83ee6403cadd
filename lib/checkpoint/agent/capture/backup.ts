import { open, writeFile } from "node:fs/promises";
import { diskPieces, emptyQcow2, openQcow2, type ReadAt } from "../../disk/index.ts";
import { AgentFailure } from "../failure.ts";
import { asList, asNumber, asText, type Monitor } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";
import type { LiveDisk } from "./disks.ts";
import type { CaptureContext } from "./method.ts";

/** All that is ours in a QEMU begins with it: jobs, nodes, bitmaps. */
export const ours = "belay-";
/** A whole disk is read behind a guest that works on it: not faster than this. */
const firstBytesPerSecond = 200 * 1024 * 1024;
const spareBytes = 256 * 1024 * 1024;
/** A copy that does not move for so long is given up; and one that moves, when it is slower than anything that is of use. */
const copyStallMs = 5 * 60_000;
const leastBytesPerMs = (4 * 1024 * 1024) / 1000;

export const bitmapOf = (checkpoint: string) => `${ours}${checkpoint}`;

/** A copy of one disk as it is at the instant of the transaction, into a file of ours. */
export interface DiskBackup {
  readonly disk: LiveDisk;
  /** The bitmap that knows what was written since the base; null: all of it is copied. */
  readonly since: string | null;
  readonly file: string;
  readonly node: string;
  readonly job: string;
}

export function planBackups(
  disks: readonly LiveDisk[],
  files: WorkFiles,
  uuid: string,
  base: string | null,
): DiskBackup[] {
  return disks.map((disk) => {
    const bitmap = base === null ? undefined : disk.bitmaps.find(({ name }) => name === bitmapOf(base));
    return {
      disk,
      since: bitmap?.usable ? bitmap.name : null,
      file: files.path(uuid, `${disk.target}.qcow2`),
      node: `${ours}to-${disk.target}`,
      job: `${ours}job-${disk.target}`,
    };
  });
}

/** What the copies may need at most. QEMU fails the guest's own writes when a copy finds no room: so there must be plenty. */
export function roomNeeded(backups: readonly DiskBackup[]): number {
  return backups.reduce((sum, { disk, since }) => {
    const dirty = disk.bitmaps.find(({ name }) => name === since)?.dirtyBytes;
    return sum + (dirty ?? Math.min(disk.sizeBytes, disk.usedBytes)) * 2 + spareBytes;
  }, 0);
}

/**
 * Throws where less would be left on the host's disk: other guests' images grow there, too. What captures of other VMs may take, and have
 * been promised, is not free; `promised` is what this one may take from now on.
 */
export async function mustLeave(
  files: Pick<WorkFiles, "dir" | "freeBytes" | "promise" | "promisedBeside">,
  uuid: string,
  bytes: number,
  what: string,
  promised = 0,
): Promise<void> {
  const free = (await files.freeBytes()) - files.promisedBeside(uuid);
  if (free >= bytes) {
    if (promised > 0) files.promise(uuid, promised); // at once: another one may be looking
    return;
  }
  throw new AgentFailure(
    "not-possible",
    `The host has too little room for ${what}.`,
    `${files.dir} has ${free} bytes free; ${bytes} may be needed.`,
  );
}

/** Makes the files and opens them in QEMU. The guest feels nothing of it. */
export async function addTargets(monitor: Monitor, backups: readonly DiskBackup[], files: WorkFiles): Promise<void> {
  if (backups.length === 0) return;
  const needed = roomNeeded(backups);
  await mustLeave(files, monitor.domain.uuid, needed, "a copy of the disks' changes", needed / 2);
  for (const { disk, file, node } of backups) {
    await writeFile(file, emptyQcow2(disk.sizeBytes), { mode: 0o600 });
    await addNode(monitor, node, file);
  }
}

export async function addNode(monitor: Monitor, node: string, file: string): Promise<void> {
  await monitor.qmp("blockdev-add", {
    driver: "qcow2",
    "node-name": node,
    // It need not outlive the host: what was not read is taken anew.
    cache: { "no-flush": true },
    file: { driver: "file", filename: file, cache: { "no-flush": true } },
  });
}

/** To be done while the guest stands still: from this instant on the copies are of it, and a new bitmap records what follows. */
export async function startBackups(
  monitor: Monitor,
  backups: readonly DiskBackup[],
  checkpoint: string,
  /** Jobs go by themselves at their end: whoever wants to know how it was listens for BLOCK_JOB_COMPLETED. */
  goBySelf = false,
): Promise<void> {
  if (backups.length === 0) return;
  const actions = backups.flatMap(({ disk, since, node, job }) => [
    { type: "block-dirty-bitmap-add", data: { node: disk.node, name: bitmapOf(checkpoint) } },
    {
      type: "blockdev-backup",
      data: {
        ...{ "job-id": job, device: disk.node, target: node, "auto-dismiss": goBySelf },
        // The base's bitmap stays as it is until the next capture says that this one is whole.
        ...(since === null
          ? { sync: "full", speed: firstBytesPerSecond }
          : { sync: "bitmap", bitmap: since, "bitmap-mode": "never" }),
      },
    },
  ]);
  await monitor.qmp("transaction", { actions });
}

/** Until all copies are made. */
export async function finishBackups(
  monitor: Monitor,
  backups: readonly DiskBackup[],
  { signal, progress }: Pick<CaptureContext, "signal" | "progress">,
): Promise<void> {
  await finishJobs(monitor, backups, { signal, progress });
  await removeTargets(monitor, backups);
}

export async function removeTargets(monitor: Monitor, backups: readonly DiskBackup[]): Promise<void> {
  for (const { node } of backups) await monitor.qmp("blockdev-del", { "node-name": node });
}

/** As long as they get on. */
export async function finishJobs(
  monitor: Pick<Monitor, "qmp" | "until">,
  backups: readonly Pick<DiskBackup, "job" | "disk">[],
  { signal, progress }: Pick<CaptureContext, "signal" | "progress">,
  stallMs = copyStallMs,
): Promise<void> {
  let copied = "";
  let movedAt = performance.now();
  const bytesTotal = backups.reduce((sum, { disk }) => sum + disk.sizeBytes, 0);
  const look = (jobs: readonly Record<string, unknown>[]) => {
    const mine = jobs.filter(({ id }) => backups.some(({ job }) => job === id));
    const seen = mine.map((it) => `${it.id} ${it.status} ${it["current-progress"]}`).join();
    if (seen !== copied) movedAt = performance.now();
    copied = seen;
    progress(
      mine.reduce((sum, it) => sum + asNumber(it["current-progress"]), 0),
      bytesTotal,
    );
    if (performance.now() - movedAt > stallMs)
      throw new AgentFailure("interrupted", "A copy of a disk did not get on, and was given up.", seen);
  };
  for (const { job, disk } of backups) {
    const error = await monitor.until(
      `the copy of ${disk.target}`,
      "JOB_STATUS_CHANGE",
      async () => {
        const jobs = asList(await monitor.qmp("query-jobs"));
        const found = jobs.find(({ id }) => id === job);
        if (!found) return "the job is gone";
        if (found.status === "concluded") return asText(found.error);
        look(jobs);
        return undefined;
      },
      { timeoutMs: stallMs + bytesTotal / leastBytesPerMs, signal },
    );
    if (error !== "") throw new AgentFailure("interrupted", "A disk could not be copied.", `${disk.target}: ${error}`);
    await monitor.qmp("job-dismiss", { id: job });
  }
}

export function readFileAt(handle: Awaited<ReturnType<typeof open>>): ReadAt {
  return async (into, at) => {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await handle.read(into, done, into.length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    into.fill(0, done);
  };
}

/** Gives the copy's pages, and takes the file away. */
export async function readBackup(
  { file }: DiskBackup,
  files: WorkFiles,
  { signal, behind }: Pick<CaptureContext, "signal" | "behind">,
  onPage: (page: number, bytes: Uint8Array | null, at: number) => void,
): Promise<void> {
  const handle = await open(file, "r");
  try {
    const read = readFileAt(handle);
    for await (const piece of diskPieces(await openQcow2(read), read)) {
      signal.throwIfAborted();
      for (let i = 0; i < piece.pages; i++) onPage(piece.firstPage + i, piece.bytes, i * 4096);
      await behind();
    }
  } finally {
    await handle.close();
  }
  await files.remove(file);
}
