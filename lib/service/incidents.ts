import type { IncidentView } from "../contract/index.ts";
import { can, type IncidentId, type Viewer, type VmId } from "../model/index.ts";
import { found } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { incidentViewFor } from "./views.ts";

export function incidentService({ store }: ServiceDeps) {
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
      const incident = found("incident", await store.incident(id), (it) => can.seeIncident(viewer, it));
      return incidentViewFor(viewer, incident);
    },
  };
}
