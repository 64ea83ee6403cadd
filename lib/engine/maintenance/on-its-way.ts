import { type HostId, type Vm, vmStates } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { releaseFrom } from "../repair/fence.ts";
import { movedByHand } from "./moved-by-hand.ts";

/** VMs that this life of the engine is moving: who moves them writes down where they are. */
const inHand = new WeakMap<Env, Set<Vm["id"]>>();
export function movesInHand(env: Env): Set<Vm["id"]> {
  const moves = inHand.get(env) ?? new Set();
  inHand.set(env, moves);
  return moves;
}

/**
 * For a VM whose host is proven off: it may run elsewhere all the same. One that was being moved when its host failed may have arrived, and nobody
 * could write it down: the host where it was going to is asked. Any other may have been moved by hand. `moved`: it runs elsewhere, and belongs there
 * now; `clear`: it does not; else what keeps us from knowing. Throws `HostUnreachable` while the host where it was going to cannot be asked.
 */
export async function endMove(env: Env, vm: Vm): Promise<"moved" | "clear" | { readonly trouble: string }> {
  const { store, hypervisor, clock } = env;
  const to: HostId | null = vm.movingTo;
  if (to === null || to === vm.hostId) return movedByHand(env, vm);
  const target = await store.host(to);
  if (target === undefined) {
    const found = await movedByHand(env, vm); // it may have been enrolled anew
    return found === "clear"
      ? { trouble: "It was being moved to a host that was removed since: look for it there." }
      : found;
  }
  if (target.standing !== "fenced") {
    const sight = await hypervisor.readDomain(to, vm.uuid);
    if (sight?.state === "running") {
      await store.recordMoved(vm.id, to, "Its move had ended when its old host failed: it runs here.", clock.now());
      return "moved";
    }
    if (sight !== undefined && vmStates[sight.state].alive && sight.state !== "paused")
      return { trouble: `It was being moved when its host failed, and is ${sight.state} where it was going to.` };
    // What arrived of it will never go on: nobody is left who could send the rest.
    if (sight !== undefined) await releaseFrom(env, to, vm.uuid);
  }
  await store.recordMoving(vm.id, null, clock.now());
  return movedByHand(env, vm);
}
