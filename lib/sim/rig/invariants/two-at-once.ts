import type { VmId } from "../../../model/index.ts";
import type { Invariant } from "./sight.ts";

/** No VM has two open repairs or two open incidents. */
export const twoAtOnce: Invariant = ({ tables, openRepairs, openIncidents }) => {
  function* counted(what: string, rows: readonly { readonly vmId: VmId | null }[]) {
    if (rows.length < 2) return;
    const counts = new Map<VmId, number>();
    for (const { vmId } of rows) if (vmId !== null) counts.set(vmId, (counts.get(vmId) ?? 0) + 1);
    for (const [vmId, count] of counts)
      if (count > 1) yield `2: ${tables.vms.get(vmId)?.vm.name} has ${count} open ${what}.`;
  }
  return function* () {
    yield* counted("repairs", openRepairs());
    yield* counted("incidents", openIncidents());
  };
};
