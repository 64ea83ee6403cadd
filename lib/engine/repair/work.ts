import { BelayError, type RepairId, repairStates, type Vm } from "../../model/index.ts";
import type { EngineStore, RepairWork } from "../ports.ts";

export type VmWork = RepairWork & { readonly vm: Vm };

/** All that it touches. */
export interface Works {
  readonly store: Pick<EngineStore, "repairWork">;
}

/** The work of a VM's repair, as it is now. */
export async function vmWork(env: Works, repair: RepairId): Promise<VmWork> {
  const work = await env.store.repairWork(repair);
  if (work.vm === null) throw new BelayError("bad-input", `Repair ${repair} is of a host, and has no VM.`);
  return { ...work, vm: work.vm };
}

/**
 * Why the repair must not touch the VM any more: it was ended by somebody else (its host failed), or the VM belongs to another host
 * by now. undefined while it may. Asked right before each act.
 */
export async function notOurs(env: Works, repair: RepairId, vm: Pick<Vm, "hostId">): Promise<string | undefined> {
  const work = await vmWork(env, repair);
  if (repairStates[work.repair.state].ended) return "This repair was ended before it was done: its host failed.";
  if (work.vm.hostId !== vm.hostId) return "The VM belongs to another host by now, so nothing is done to it here.";
  return undefined;
}
