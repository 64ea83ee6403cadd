import { summary } from "../stats.ts";

/** Back after a failure: the summary, and its 95th percentile under a name that says its unit. */
export function backFigures(backMs: readonly number[]) {
  const all = summary(backMs, 0);
  return { ...all, p95Ms: all.p95 };
}

const MiB = 2 ** 20;

/** How fast checkpoints were read: the median, and all that was measured, in MiB/s. */
export function readFigures(reads: readonly { readonly bytes: number; readonly ms: number }[]) {
  const readRateMiBps = summary(
    reads.map(({ bytes, ms }) => bytes / MiB / (ms / 1_000)),
    0,
  );
  return { readRate: readRateMiBps.p50, readRateMiBps };
}
