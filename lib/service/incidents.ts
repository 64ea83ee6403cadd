import type { IncidentView } from "../contract/index.ts";
import { BelayError, can, type Incident, type IncidentId, type Viewer, type VmId } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { incidentViewFor } from "./views.ts";

export function incidentService({ store, clock }: ServiceDeps) {
  const incidentOf = async (viewer: Viewer, id: IncidentId): Promise<Incident> =>
    found("incident", await store.incident(id), (it) => can.seeIncident(viewer, it));

  return {
    /** Newest first, at most `limit`. */
    async incidents(viewer: Viewer, options: { limit: number; vmId?: VmId | undefined }): Promise<IncidentView[]> {
      const { limit, vmId } = options;
      if (vmId !== undefined) found("VM", await store.vm(vmId), (vm) => can.seeVm(viewer, vm), "vmId");
      const incidents = await store.incidents({
        limit,
        ...(vmId !== undefined && { vmId }),
        ...(viewer.role === "customer" && { organizationId: viewer.organizationId }),
      });
      return incidents
        .filter((incident) => can.seeIncident(viewer, incident) === true)
        .map((incident) => incidentViewFor(viewer, incident));
    },

    async incident(viewer: Viewer, id: IncidentId): Promise<IncidentView> {
      return incidentViewFor(viewer, await incidentOf(viewer, id));
    },

    /** Answers an incident in which Belay held back and asks. */
    async approveIncident(viewer: Viewer, id: IncidentId): Promise<IncidentView> {
      const incident = await incidentOf(viewer, id);
      must(can.manageHosts(viewer));
      refuseUnless(
        can.approve(viewer, incident),
        "Look at the incident again: somebody may have answered, or it has ended.",
      );
      return incidentViewFor(viewer, await store.approve(incident.id, viewer, clock.now()));
    },

    /** A person's proof that the host is off. The body's `confirm` was asked for by the contract. */
    async sayHostOff(viewer: Viewer, id: IncidentId): Promise<IncidentView> {
      const incident = await incidentOf(viewer, id);
      must(can.manageHosts(viewer));
      const host = found("host", await store.host(incident.hostId), () => true);
      refuseUnless(
        can.sayOff(viewer, incident, host),
        "Look at the incident again: it may need no such word any more.",
      );
      return incidentViewFor(viewer, await store.sayOff(incident.id, viewer, clock.now()));
    },
  };
}

function refuseUnless(answer: true | string, cure: string): void {
  if (answer !== true) throw new BelayError("conflict", answer, { field: "id", cure });
}
