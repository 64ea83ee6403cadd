import type { Cause, Checkpoint, CheckpointId, EpochMs } from "../../model/index.ts";

/** A checkpoint that is older than this, at the failure, is not restored by itself: the disk holds what came after it. */
const graceMs = 10 * 60_000;
const mostTried = 3;

const freshForMs = (everyMs: number): number => 2 * everyMs + graceMs;

type Known = Pick<Checkpoint, "id" | "at" | "state">;

export interface CheckpointQuestion {
  /** Newest first. */
  readonly checkpoints: readonly Known[];
  readonly everyMs: number;
  /** Of a guest that hangs: when it answered for the last time. */
  readonly failedAt: EpochMs;
  /** Repairs that were begun a short while ago. */
  readonly recentRepairs: number;
  /** The newest checkpoint from before all of those: what the first of them restored, and it failed again. null: none is that old. */
  readonly triedAt: EpochMs | null;
}

export const newestValid = <C extends Known>(checkpoints: readonly C[]): C | undefined =>
  checkpoints.find((it) => it.state === "valid");

/**
 * Which checkpoints a repair may restore, best first: the newest valid one, and older ones in case it is damaged. What was saved of a guest
 * after it answered for the last time may hang as it did. A VM that fails again soon after it was restored goes back to one from before that
 * which did not help (those after it hold the same failure to come), and then to none: it is started from its disk.
 */
export function restorable(
  { checkpoints, everyMs, failedAt, recentRepairs, triedAt }: CheckpointQuestion,
  cause: Cause,
): CheckpointId[] {
  if (recentRepairs > 1) return [];
  const before = recentRepairs === 0 ? Number.POSITIVE_INFINITY : (triedAt ?? Number.NEGATIVE_INFINITY);
  const until = cause === "hung" ? failedAt : Number.POSITIVE_INFINITY;
  return checkpoints
    .filter((it) => it.state === "valid" && it.at >= failedAt - freshForMs(everyMs) && it.at < before && it.at <= until)
    .slice(0, mostTried)
    .map((it) => it.id);
}
