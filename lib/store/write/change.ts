import type {
  Application,
  Host,
  HostId,
  Incident,
  IncidentId,
  Organization,
  OrganizationId,
  Vm,
  VmId,
} from "../../model/index.ts";

/** What an event says: a `Change` of lib/contract, whole and unredacted. (The tests parse every event with the contract's schema.) */
export type StoreChange =
  | { readonly kind: "organization.changed"; readonly organization: Organization }
  | { readonly kind: "host.changed"; readonly host: Host }
  | { readonly kind: "host.removed"; readonly hostId: HostId }
  | { readonly kind: "application.changed"; readonly application: Application }
  | { readonly kind: "vm.changed"; readonly vm: Vm }
  | { readonly kind: "vm.removed"; readonly vmId: VmId; readonly organizationId: OrganizationId | null }
  | { readonly kind: "incident.changed"; readonly incident: Incident };

/** The columns by which events are found again. */
export function subjectsOf(change: StoreChange): {
  readonly hostId?: HostId;
  readonly vmId?: VmId;
  readonly incidentId?: IncidentId;
} {
  switch (change.kind) {
    case "host.changed":
      return { hostId: change.host.id };
    case "host.removed":
      return { hostId: change.hostId };
    case "vm.changed":
      return { hostId: change.vm.hostId, vmId: change.vm.id };
    case "vm.removed":
      return { vmId: change.vmId };
    case "incident.changed":
      return { hostId: change.incident.hostId, vmId: change.incident.vmId, incidentId: change.incident.id };
    case "organization.changed":
    case "application.changed":
      return {};
  }
}
