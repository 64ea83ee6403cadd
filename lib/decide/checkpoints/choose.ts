import type { Checkpoint, CheckpointId, EpochMs } from "../../model/index.ts";

/** A checkpoint that is older than this, at the failure, is not restored by itself: the disk holds what came after it. */
const graceMs = 10 * 60_000;
const mostTried = 3;

export const freshForMs = (everyMs: number): number => 2 * everyMs + graceMs;

type Known = Pick<Checkpoint, "id" | "at" | "state">;

export interface CheckpointQuestion {
  /** Newest first. */
  readonly checkpoints: readonly Known[];
  readonly everyMs: number;
  readonly failedAt: EpochMs;
  /** Repairs that were begun a short while ago and after the newest valid one was taken: that one did not help them. */
  readonly repairsSinceNewest: number;
}

export const newestValid = <C extends Known>(checkpoints: readonly C[]): C | undefined =>
  checkpoints.find((it) => it.state === "valid");

/**
 * Which checkpoints a repair may restore, best first: the newest valid one, and older ones in case it is damaged. A VM that failed again after
 * it was restored from one begins with the one before, and is started from its disk when that did not help either.
 */
export function restorable({ checkpoints, everyMs, failedAt, repairsSinceNewest }: CheckpointQuestion): CheckpointId[] {
  if (repairsSinceNewest > 1) return [];
  return checkpoints
    .filter((it) => it.state === "valid" && it.at >= failedAt - freshForMs(everyMs))
    .slice(repairsSinceNewest, repairsSinceNewest + mostTried)
    .map((it) => it.id);
}
