import { reconcile } from "../../decide/index.ts";
import type { VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import { whileRead } from "./in-hand.ts";
import { standingOf } from "./keep-few.ts";

const heldWithinMs = 30_000;
const verifyWithinMs = 10 * 60_000;
const words = "Read whole again: every byte has its checksum.";

/**
 * A disk that could not be read for a moment is no damage, and the bytes that were away may be back: what is shown as damaged, and the store
 * has nothing against, is read whole, and can be restored again where it is well. Gives whether any was.
 */
export async function tellWell(env: Env, vmId: VmId): Promise<boolean> {
  const { store, checkpoints, clock, log } = env;
  const standing = await standingOf(env);
  const vm = await store.vm(vmId);
  if (standing === undefined || vm === undefined) return false;
  const rows = await store.checkpointsOf(vmId, standing.store);
  const held = await within(clock, heldWithinMs, checkpoints.held(vm), []);
  let any = false;
  for (const id of reconcile(rows, held).well) {
    const work = () => checkpoints.verify(id);
    const ok = await within(clock, verifyWithinMs, whileRead(env, id, work), undefined).catch((error: unknown) => {
      log.warn("a checkpoint could not be read", { checkpoint: id, error: String(error) });
      return undefined;
    });
    if (ok !== true) continue;
    log.info(`a checkpoint of ${vm.name} that was shown as damaged is whole`, { checkpoint: id });
    await store.recordVerified(id, { ok, words }, clock.now());
    any = true;
  }
  return any;
}
