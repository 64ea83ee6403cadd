import { open, writeFile } from "node:fs/promises";
import { diskPieces, emptyQcow2, openQcow2, type ReadAt } from "../../disk/index.ts";
import { AgentFailure } from "../failure.ts";
import { asList, asText, type Monitor } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";
import type { LiveDisk } from "./disks.ts";
import type { CaptureContext } from "./method.ts";

/** All that is ours in a QEMU begins with it: jobs, nodes, bitmaps. */
export const ours = "belay-";
/** A whole disk is read behind a guest that works on it: not faster than this. */
const firstBytesPerSecond = 200 * 1024 * 1024;
const spareBytes = 256 * 1024 * 1024;
const backupMs = 4 * 60 * 60_000;

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

/** Throws where less would be left on the host's disk: other guests' images grow there, too. */
export async function mustLeave(files: WorkFiles, bytes: number, what: string): Promise<void> {
  const free = await files.freeBytes();
  if (free >= bytes) return;
  throw new AgentFailure(
    "not-possible",
    `The host has too little room for ${what}.`,
    `${files.dir} has ${free} bytes free; ${bytes} may be needed.`,
  );
}

/** Makes the files and opens them in QEMU. The guest feels nothing of it. */
export async function addTargets(monitor: Monitor, backups: readonly DiskBackup[], files: WorkFiles): Promise<void> {
  if (backups.length === 0) return;
  await mustLeave(files, roomNeeded(backups), "a copy of the disks' changes");
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
): Promise<void> {
  if (backups.length === 0) return;
  const actions = backups.flatMap(({ disk, since, node, job }) => [
    { type: "block-dirty-bitmap-add", data: { node: disk.node, name: bitmapOf(checkpoint) } },
    {
      type: "blockdev-backup",
      data: {
        ...{ "job-id": job, device: disk.node, target: node, "auto-dismiss": false },
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
  signal: AbortSignal,
): Promise<void> {
  await finishJobs(monitor, backups, signal);
  await removeTargets(monitor, backups);
}

export async function removeTargets(monitor: Monitor, backups: readonly DiskBackup[]): Promise<void> {
  for (const { node } of backups) await monitor.qmp("blockdev-del", { "node-name": node });
}

export async function finishJobs(monitor: Monitor, backups: readonly DiskBackup[], signal: AbortSignal): Promise<void> {
  for (const { job, disk } of backups) {
    const error = await monitor.until(
      `the copy of ${disk.target}`,
      "JOB_STATUS_CHANGE",
      async () => {
        const found = asList(await monitor.qmp("query-jobs")).find(({ id }) => id === job);
        if (!found) return "the job is gone";
        return found.status === "concluded" ? asText(found.error) : undefined;
      },
      { timeoutMs: backupMs, signal },
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
