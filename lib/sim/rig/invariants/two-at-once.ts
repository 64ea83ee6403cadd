import type { HostId, IncidentId, VmId } from "../../../model/index.ts";
import type { Invariant } from "./sight.ts";

/** No VM and no host has two open repairs or two open incidents. */
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
    const hosts = new Set<HostId>();
    for (const { vmId, hostId } of openIncidents()) {
      if (vmId === null && hosts.has(hostId)) yield `2: ${tables.hosts.get(hostId)?.host.name} has two open incidents.`;
      if (vmId === null) hosts.add(hostId);
    }
    const incidents = new Set<IncidentId>();
    for (const { vmId, incidentId } of openRepairs()) {
      if (vmId === null && incidents.has(incidentId)) yield `2: host incident ${incidentId} has two open repairs.`;
      incidents.add(incidentId);
    }
  };
};
