import type {
  Application,
  CheckpointStatus,
  CloudPolicy,
  FenceDevice,
  FenceDeviceId,
  Hook,
  HookId,
  Host,
  HostId,
  Incident,
  IncidentId,
  Maintenance,
  Organization,
  OrganizationId,
  Tolerance,
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
  | { readonly kind: "incident.changed"; readonly incident: Incident }
  | { readonly kind: "fence-device.changed"; readonly fenceDevice: FenceDevice }
  | { readonly kind: "fence-device.removed"; readonly fenceDeviceId: FenceDeviceId }
  | { readonly kind: "hook.changed"; readonly hook: Hook }
  | { readonly kind: "hook.removed"; readonly hookId: HookId }
  | { readonly kind: "maintenance.changed"; readonly maintenance: Maintenance }
  | { readonly kind: "policy.changed"; readonly policy: CloudPolicy }
  | {
      readonly kind: "checkpoint-status.changed";
      readonly organizationId: OrganizationId | null;
      readonly status: CheckpointStatus;
    }
  | { readonly kind: "tolerance.changed"; readonly tolerance: readonly Tolerance[] };

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
    case "checkpoint-status.changed":
      return { vmId: change.status.vmId };
    case "incident.changed":
      return {
        hostId: change.incident.hostId,
        ...(change.incident.vmId === null ? {} : { vmId: change.incident.vmId }),
        incidentId: change.incident.id,
      };
    case "fence-device.changed":
      return { hostId: change.fenceDevice.hostId };
    case "maintenance.changed":
      return { hostId: change.maintenance.hostId };
    case "fence-device.removed":
    case "hook.changed":
    case "hook.removed":
    case "policy.changed":
    case "tolerance.changed":
    case "organization.changed":
    case "application.changed":
      return {};
  }
}
