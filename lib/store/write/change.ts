import type {
  Application,
  CheckpointStatus,
  CloudPolicy,
  ConversationMessage,
  EpochMs,
  FenceDevice,
  FenceDeviceId,
  Hook,
  HookId,
  Host,
  HostId,
  Image,
  ImageId,
  Incident,
  IncidentId,
  Maintenance,
  ManagerStanding,
  Organization,
  OrganizationId,
  SensorReport,
  ToldAllocation,
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
  | {
      readonly kind: "conversation.changed";
      readonly organizationId: OrganizationId;
      readonly incidentId: IncidentId | null;
      readonly message: ConversationMessage;
    }
  | { readonly kind: "sensors.changed"; readonly report: SensorReport }
  | { readonly kind: "manager.changed"; readonly manager: ManagerStanding }
  | { readonly kind: "allocation.changed"; readonly allocation: ToldAllocation }
  | { readonly kind: "image.changed"; readonly image: Omit<Image, "boot"> }
  | { readonly kind: "image.removed"; readonly imageId: ImageId }
  | { readonly kind: "tolerance.changed"; readonly tolerance: readonly Tolerance[] }
  | { readonly kind: "checkpoint-store.changed"; readonly fullSince: EpochMs | null };

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
    case "conversation.changed":
      return change.incidentId === null ? {} : { incidentId: change.incidentId };
    case "allocation.changed":
      return change.allocation.vmId === null ? {} : { vmId: change.allocation.vmId };
    case "sensors.changed":
    case "manager.changed":
    case "image.changed":
    case "image.removed":
    case "fence-device.removed":
    case "hook.changed":
    case "hook.removed":
    case "policy.changed":
    case "tolerance.changed":
    case "checkpoint-store.changed":
    case "organization.changed":
    case "application.changed":
      return {};
  }
}
