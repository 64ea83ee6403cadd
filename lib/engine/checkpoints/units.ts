import { groupKey } from "../../decide/index.ts";
import type { CloudPolicy, Vm, VmId } from "../../model/index.ts";

/** What is captured at one instant: one VM, or the VMs of one owner that name the same group. */
export interface Unit {
  readonly key: string;
  readonly vms: readonly VmId[];
  readonly everyMs: number;
}

/** A group is captured as often as that of its VMs which is captured most often. A VM without an interval is none of it. */
export function unitsOf(
  vms: Iterable<Vm>,
  intervals: ReadonlyMap<VmId, number>,
  { checkpointLeastMs: least, checkpointMostMs: most }: Pick<CloudPolicy, "checkpointLeastMs" | "checkpointMostMs">,
): Map<string, Unit> {
  const units = new Map<string, Unit>();
  for (const vm of vms) {
    const { id } = vm;
    const chosenMs = intervals.get(id);
    if (chosenMs === undefined) continue;
    const everyMs = Math.min(most, Math.max(least, chosenMs)); // the limits may have become narrower since
    const key = vm.checkpointGroup === null ? id : groupKey(vm);
    const known = units.get(key);
    units.set(
      key,
      known === undefined
        ? { key, vms: [id], everyMs }
        : { key, vms: [...known.vms, id], everyMs: Math.min(known.everyMs, everyMs) },
    );
  }
  return units;
}
