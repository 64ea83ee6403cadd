import type { CheckpointId } from "../../../model/index.ts";
import { whileRead } from "../../checkpoints/in-hand.ts";
import type { Env } from "../../env.ts";
import { within } from "../../guard/within.ts";
import { HostUnreachable } from "../../ports.ts";
import { restoreWithinMs } from "./patience.ts";

/** A start that had begun on the host ends within this, one way or the other. */
const endsWithinMs = 6 * 60_000;

/**
 * One restore, within the time that it may take; undefined: it was called off. Its end is waited for: going on unseen it would start the VM
 * when that may run on another host.
 */
export async function restoreInTime<T extends object>(
  env: Pick<Env, "clock">,
  checkpoint: CheckpointId,
  restore: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const late = new AbortController();
  const work = whileRead(env, checkpoint, () => restore(late.signal));
  const done = await within(env.clock, restoreWithinMs, work, undefined);
  if (done !== undefined) return done;
  late.abort(new Error("It took too long."));
  const failed = work.catch(() => "failed" as const);
  const end = await within(env.clock, endsWithinMs, failed, undefined);
  if (end === undefined) throw new HostUnreachable("A restore was called off, and did not end.");
  return end === "failed" ? undefined : end;
}
