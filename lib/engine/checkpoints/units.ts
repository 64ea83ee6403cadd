import type { Vm, VmId } from "../../model/index.ts";

/** What is captured at one instant: one VM, or the VMs of one owner that name the same group. */
export interface Unit {
  readonly key: string;
  readonly vms: readonly VmId[];
  readonly everyMs: number;
}

/** A group is captured as often as that of its VMs which is captured most often. A VM without an interval is none of it. */
export function unitsOf(vms: readonly Vm[], intervals: ReadonlyMap<VmId, number>): Map<string, Unit> {
  const units = new Map<string, Unit>();
  for (const { id, checkpointGroup, organizationId } of vms) {
    const everyMs = intervals.get(id);
    if (everyMs === undefined) continue;
    const key = checkpointGroup === null ? id : `${organizationId ?? ""}/${checkpointGroup}`;
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
