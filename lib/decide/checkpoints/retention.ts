import type { Checkpoint, CheckpointId, EpochMs } from "../../model/index.ts";

export const leastKept = 2;

type Known = Pick<Checkpoint, "id" | "state" | "kept" | "at">;

/**
 * Which of a VM's checkpoints are forgotten, given newest first: all but the newest valid ones, those that people asked for, and those that are
 * being read. A damaged one stays to be seen as long as a valid one of its age would. The newest valid one never goes, nor the newest from
 * before the guest last answered: those after it may be of a guest that hangs, which is found out only later.
 */
export function forgotten(
  checkpoints: readonly Known[],
  keep: number,
  isRead: (id: CheckpointId) => boolean,
  answeredAt?: EpochMs,
): CheckpointId[] {
  const good = checkpoints.find((it) => it.state === "valid" && answeredAt !== undefined && it.at <= answeredAt);
  let valid = 0;
  const most = Math.max(leastKept, keep);
  return checkpoints.flatMap((it) => {
    const aged = valid >= most;
    if (it.state === "valid" && !it.kept) valid++;
    return aged && !it.kept && it !== good && !isRead(it.id) ? [it.id] : [];
  });
}

/** What a new life of the engine makes of the two lists: the database's, which people are shown, and the store's, which holds the bytes. */
export interface Reconciled {
  /** Shown as whole, and the store has no bytes of them. */
  readonly withoutBytes: readonly CheckpointId[];
  /** The store says that they are damaged, and people are not told yet. */
  readonly damaged: readonly CheckpointId[];
  /** Shown as damaged, and the store has nothing against them: what could not be read at one time may be read at another. */
  readonly well: readonly CheckpointId[];
  /** Whole, but how they were taken was never written down: nobody was told of them, and a newer one follows soon. */
  readonly withoutRow: readonly CheckpointId[];
}

export function reconcile(
  rows: readonly Pick<Checkpoint, "id" | "state">[],
  held: readonly { readonly id: CheckpointId; readonly valid: boolean }[],
): Reconciled {
  const known = new Map(held.map((it) => [it.id, it.valid]));
  const shown = new Set(rows.map((it) => it.id));
  return {
    withoutBytes: rows.filter((it) => it.state === "valid" && !known.has(it.id)).map((it) => it.id),
    damaged: rows.filter((it) => it.state === "valid" && known.get(it.id) === false).map((it) => it.id),
    well: rows.filter((it) => it.state === "damaged" && known.get(it.id) === true).map((it) => it.id),
    withoutRow: held.filter((it) => !shown.has(it.id)).map((it) => it.id),
  };
}
