import type { HostId, Vm, VmId } from "../../model/index.ts";
import { choose, type Unit, unitOf } from "./choose.ts";
import { type Inventory, type Placement, togetherOf } from "./inventory.ts";
import { Ledger } from "./ledger.ts";

const before = (a: Unit, b: Unit): number => {
  const rank = (unit: Unit) => Math.max(...unit.vms.map((vm) => vm.priority));
  const first = (unit: Unit) => unit.vms[0]?.id ?? "";
  return rank(b) - rank(a) || b.memoryMiB - a.memoryMiB || b.vcpus - a.vcpus || (first(a) < first(b) ? -1 : 1);
};

/** VMs of one group that is kept together go as one; the highest priority first, then the largest, which fit hardest. */
export function unitsOf(vms: readonly Vm[]): Unit[] {
  const groups = new Map<string, Vm[]>();
  for (const vm of [...vms].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = togetherOf(vm) ?? vm.id;
    groups.set(key, [...(groups.get(key) ?? []), vm]);
  }
  return [...groups.values()].map(unitOf).sort(before);
}

/** Places units in their order and books them, so that `ledger` holds what is left. */
export function placeOn(ledger: Ledger, lost: readonly Vm[], exclude?: HostId): Map<VmId, Placement> {
  const places = new Map<VmId, Placement>();
  for (const unit of unitsOf(lost)) {
    const choice = choose(ledger, unit, exclude);
    for (const vm of unit.vms) {
      if ("room" in choice) ledger.book(vm, choice.room.host.id);
      places.set(vm.id, "room" in choice ? { host: choice.room.host.id } : choice);
    }
  }
  return places;
}

/**
 * A host for each VM that was lost, or why there is none. By priority, then size; memory and virtual CPUs with overcommit and reserve;
 * groups kept apart or together; racks spread where possible; only where every disk is seen. Pure: the same cloud gives the same places.
 * Whether a VM may be moved at all is `relocationRefusal`'s to say.
 */
export const placeVms = (
  inventory: Inventory,
  lost: readonly Vm[],
  exclude: ReadonlySet<HostId>,
): ReadonlyMap<VmId, Placement> => placeOn(new Ledger(inventory, new Set(lost.map((vm) => vm.id)), exclude), lost);
