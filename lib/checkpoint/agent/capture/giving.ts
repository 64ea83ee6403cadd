import { type DiskBackup, readBackup } from "./backup.ts";
import { MemoryTaker } from "./memory.ts";
import type { CaptureContext } from "./method.ts";

/** Gives QEMU's stream to the differ, as it comes. */
export function memoryTaker(context: CaptureContext): MemoryTaker {
  return new MemoryTaker(context.differ, (head, volumes) =>
    context.begin({ streamHead: Buffer.from(head).toString("base64"), cookie: null }, volumes),
  );
}

/** What a copy of a disk holds, to the differ. */
export async function giveBackup(context: CaptureContext, backup: DiskBackup): Promise<void> {
  const { volume, sizeBytes } = backup.disk;
  const differ = context.differ.volume({ name: volume, kind: "disk", sizeBytes });
  await readBackup(backup, context.files, context, (page, bytes, at) => differ.unknownPage(page, bytes, at));
  if (backup.since === null) differ.zeroUnseen();
  differ.flush();
}

export function wordsOf({ asked, base, disks }: CaptureContext, backups: readonly DiskBackup[]): string {
  if (asked.base !== null && base === null)
    return "What the last one held was not known on the host any more: all of it was sent.";
  const whole = backups.filter(({ since }) => since === null).length;
  if (disks.length === 0) return "The VM has no disk that it writes to.";
  return whole === 0 ? "" : "The disks were read whole.";
}
