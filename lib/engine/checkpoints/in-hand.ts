import type { CheckpointId, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";

/** All that it touches: one for each life of the engine. */
export type Hands = Pick<Env, "clock">;

/** A capture that this life of the engine began. */
export interface CaptureInHand {
  /** On the clock that is never set. */
  readonly begunMs: number;
  /** Resolves when it is over, well or not. */
  readonly ended: Promise<void>;
  cancel(why: string): void;
}

interface InHand {
  readonly captures: Map<VmId, CaptureInHand>;
  /** Checkpoints that are being read, by how many. */
  readonly read: Map<CheckpointId, number>;
  /** VMs of which a checkpoint was found damaged, and what is shown of them was not looked at since. */
  readonly damaged: Set<VmId>;
  /** VMs with a checkpoint that is shown as damaged, and the store has nothing against it: it is to be read. */
  readonly perhapsWell: Set<VmId>;
}
const known = new WeakMap<Hands, InHand>();
function inHand(env: Hands): InHand {
  const found = known.get(env) ?? { captures: new Map(), read: new Map(), damaged: new Set(), perhapsWell: new Set() };
  known.set(env, found);
  return found;
}

export const capturesInHand = (env: Hands): Map<VmId, CaptureInHand> => inHand(env).captures;

export const damagedSince = (env: Hands): Set<VmId> => inHand(env).damaged;

export const perhapsWell = (env: Hands): Set<VmId> => inHand(env).perhapsWell;

export const isRead = (env: Hands, id: CheckpointId): boolean => inHand(env).read.has(id);

/** Retention leaves the checkpoint alone meanwhile. */
export async function whileRead<T>(env: Hands, id: CheckpointId, work: () => Promise<T>): Promise<T> {
  const { read } = inHand(env);
  read.set(id, (read.get(id) ?? 0) + 1);
  try {
    return await work();
  } finally {
    const left = (read.get(id) ?? 1) - 1;
    if (left === 0) read.delete(id);
    else read.set(id, left);
  }
}

/** What holds a guest for longer is looked at as everything else. */
const holdsAtMostMs = 120_000;

/** Whether a capture may be what holds the VM. One that it stopped is started again when its disks are copied: that may last as long as the capture. */
export function isBeingCaptured(env: Hands, vm: VmId, isStopped = false): boolean {
  const capture = capturesInHand(env).get(vm);
  return capture !== undefined && (isStopped || env.clock.monotonicMs() < capture.begunMs + holdsAtMostMs);
}

const cancelWithinMs = 10_000;

/**
 * The VM is about to be moved, switched off or restored: a capture that runs is waited for, then cancelled. None begins of a VM that has an
 * open incident or is being moved, which must be written before this is asked. False when it did not even end after that.
 */
export async function ceaseCapture(env: Hands, vm: VmId, patienceMs: number): Promise<boolean> {
  const capture = capturesInHand(env).get(vm);
  if (capture === undefined) return true;
  const ended = capture.ended.then(() => true);
  if (patienceMs > 0 && (await within(env.clock, patienceMs, ended, false))) return true;
  capture.cancel("Something else has to be done with the VM.");
  return within(env.clock, cancelWithinMs, ended, false);
}
