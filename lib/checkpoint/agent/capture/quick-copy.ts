import { AgentFailure } from "../failure.ts";
import { asList, asText, type Monitor } from "../monitor.ts";
import { type DiskBackup, startBackups } from "./backup.ts";

const mostMs = 5_000;

/**
 * The copies of what little was written, made while the guest stands, from their begin to their end. QEMU's events say how they ended:
 * asking would make the standstill longer.
 */
export async function copyStanding(
  monitor: Monitor,
  backups: readonly DiskBackup[],
  checkpoint: string,
  signal: AbortSignal,
): Promise<void> {
  if (backups.length === 0) return;
  const left = new Set(backups.map(({ job }) => job));
  let wrong: string | undefined;
  const stop = monitor.listen((event, data) => {
    if (event !== "BLOCK_JOB_COMPLETED" || !left.delete(asText(data.device))) return;
    if (data.error !== undefined) wrong ??= asText(data.error);
  });
  try {
    await startBackups(monitor, backups, checkpoint, true);
    let asked = 0;
    await monitor.until(
      "the copies of the disks",
      "BLOCK_JOB_COMPLETED",
      async () => {
        if (left.size === 0) return true;
        if (asked++ < 2) return undefined;
        // Events may get lost. A job that is gone without one did whatever it did: that is not good enough.
        const ids = asList(await monitor.qmp("query-jobs")).map(({ id }) => asText(id));
        if (!ids.some((id) => left.has(id)) && left.size > 0) wrong ??= "the job is gone";
        return wrong === undefined ? undefined : true;
      },
      { timeoutMs: mostMs, signal, everyMs: 50 },
    );
  } finally {
    stop();
  }
  if (wrong !== undefined) throw new AgentFailure("interrupted", "A disk could not be copied.", wrong);
}
