import { can, captureMethods, checkpointStates, type OrganizationId, type Viewer } from "../model/index.ts";
import type { CheckpointStatusView, CheckpointView } from "./checkpoint-views.ts";
import type { ImageView } from "./collaboration/views.ts";
import type { Change, CloudEvent } from "./events.ts";
import type { TrafficSample } from "./frames.ts";
import type { CloudView, FenceDeviceView, IncidentView, RepairView, VmView } from "./views.ts";

/** Invariant 7: what a viewer may not see leaves the server in no form. Everything sent to a browser goes through here. */

export const vmFor = (viewer: Viewer, vm: VmView): VmView =>
  viewer.role === "provider" ? vm : { ...vm, hostId: null, movingTo: null, diskPaths: [] };

const repairForOwner = (repair: RepairView): RepairView => ({
  ...repair,
  steps: repair.steps.map((step) => ({ ...step, detail: null })),
});

export const incidentFor = (viewer: Viewer, incident: IncidentView): IncidentView =>
  viewer.role === "provider"
    ? incident
    : {
        ...incident,
        hostId: null,
        partOf: null,
        awaits: null,
        evidence: incident.evidence.filter((item) => item.audience === "all"),
        repairs: incident.repairs.map(repairForOwner),
      };

const offerForOwner = ({ method, lazy }: NonNullable<CheckpointStatusView["offer"]>) => ({
  ...{ method, lazy },
  words: method === null ? "Its state cannot be saved where it runs now." : captureMethods[method].words,
});

/** What a probe says speaks of the host; trouble and replica are written for the owner. */
export const checkpointStatusFor = (viewer: Viewer, status: CheckpointStatusView): CheckpointStatusView =>
  viewer.role === "provider" ? status : { ...status, offer: status.offer && offerForOwner(status.offer) };

export const checkpointFor = (viewer: Viewer, checkpoint: CheckpointView): CheckpointView =>
  viewer.role === "provider"
    ? checkpoint
    : {
        ...checkpoint,
        words:
          checkpoint.state === "valid"
            ? captureMethods[checkpoint.method].words
            : checkpointStates[checkpoint.state].words,
      };

/** Where it lies on hosts is the provider's. */
export const imageFor = (viewer: Viewer, image: ImageView): ImageView =>
  viewer.role === "provider" ? image : { ...image, path: null };

/** Of one organization, for it and for the provider. */
const isFor = (viewer: Viewer, { organizationId }: { readonly organizationId: OrganizationId }): boolean =>
  can.seeOrganization(viewer, { id: organizationId }) === true;

const harmless =
  /^(action|ip|ipaddr|ipport|host|port|plug|device|nodename|username|login|lanplus|ssl|ssl_insecure|method|lab|delay)$/;
export const keptSecret = "(kept secret)";

/** What opens a power switch is shown to nobody once it is written: only options known to be harmless are. */
export const fenceDeviceFor = (device: FenceDeviceView): FenceDeviceView => ({
  ...device,
  options: Object.fromEntries(
    Object.entries(device.options).map(([key, value]) => [key, harmless.test(key) ? value : keptSecret]),
  ),
});

const withoutSecrets = (change: Change): Change =>
  change.kind === "fence-device.changed" ? { ...change, fenceDevice: fenceDeviceFor(change.fenceDevice) } : change;

/** The change as the viewer may see it, or undefined where it is not for them. */
export function changeFor(viewer: Viewer, change: Change): Change | undefined {
  switch (change.kind) {
    // What a customer's VMs have of their hosts is in the cloud (`hostLoss`), so theirs is out of date, and no more is said.
    case "host.changed":
    case "host.removed":
      return can.seeHosts(viewer) === true ? change : { kind: "cloud.stale" };
    case "policy.changed":
    case "tolerance.changed":
      return viewer.role === "provider" ? change : { kind: "cloud.stale" };
    case "cloud.stale":
      return change;
    case "organization.changed":
      return viewer.role === "provider" || change.organization.id === viewer.organizationId ? change : undefined;
    case "application.changed":
      return can.seeApplication(viewer, change.application) === true ? change : undefined;
    case "vm.changed":
      return can.seeVm(viewer, change.vm) === true ? { ...change, vm: vmFor(viewer, change.vm) } : undefined;
    case "vm.removed":
      return can.seeVm(viewer, change) === true ? change : undefined;
    case "incident.changed":
      return can.seeIncident(viewer, change.incident) === true
        ? { ...change, incident: incidentFor(viewer, change.incident) }
        : undefined;
    case "checkpoint-status.changed":
      return can.seeVm(viewer, change) === true
        ? { ...change, status: checkpointStatusFor(viewer, change.status) }
        : undefined;
    case "conversation.changed":
      return isFor(viewer, change) ? change : undefined;
    case "sensors.changed":
      return isFor(viewer, change.report) ? change : undefined;
    case "manager.changed":
      return isFor(viewer, change.manager) ? change : undefined;
    case "allocation.changed":
      return isFor(viewer, change.allocation) ? change : undefined;
    case "image.changed":
      return { ...change, image: imageFor(viewer, change.image) };
    case "image.removed":
      return change;
    case "fence-device.changed":
    case "fence-device.removed":
    case "hook.changed":
    case "hook.removed":
    case "maintenance.changed":
    case "checkpoint-store.changed":
      return viewer.role === "provider" ? withoutSecrets(change) : undefined;
  }
}

/** The event as the viewer may see it. The sentence is for providers: it may name hosts. */
export function eventFor(viewer: Viewer, event: CloudEvent): CloudEvent | undefined {
  const change = changeFor(viewer, event.change);
  if (change === undefined) return undefined;
  return { ...event, change, words: viewer.role === "provider" ? event.words : "" };
}

const statusesFor = (viewer: Viewer, { vms, checkpointStatuses }: CloudView): CheckpointStatusView[] => {
  const seen = new Set(vms.filter((it) => can.seeVm(viewer, it) === true).map(({ id }) => id));
  return checkpointStatuses.filter((it) => seen.has(it.vmId)).map((it) => checkpointStatusFor(viewer, it));
};

/** The whole cloud as the viewer may see it. */
export const cloudFor = (viewer: Viewer, cloud: CloudView): CloudView => ({
  ...cloud,
  checkpointStatuses: statusesFor(viewer, cloud),
  viewer,
  organizations: cloud.organizations.filter((it) => viewer.role === "provider" || it.id === viewer.organizationId),
  hosts: can.seeHosts(viewer) === true ? cloud.hosts : [],
  applications: cloud.applications.filter((it) => can.seeApplication(viewer, it) === true),
  vms: cloud.vms.filter((it) => can.seeVm(viewer, it) === true).map((it) => vmFor(viewer, it)),
  incidents: cloud.incidents.filter((it) => can.seeIncident(viewer, it) === true).map((it) => incidentFor(viewer, it)),
  fenceDevices: viewer.role === "provider" ? cloud.fenceDevices.map(fenceDeviceFor) : [],
  hooks: viewer.role === "provider" ? cloud.hooks : [],
  maintenances: viewer.role === "provider" ? cloud.maintenances : [],
  policy: viewer.role === "provider" ? cloud.policy : null,
  tolerance: viewer.role === "provider" ? cloud.tolerance : [],
  checkpointStoreFullSince: viewer.role === "provider" ? cloud.checkpointStoreFullSince : null,
  images: cloud.images.map((it) => imageFor(viewer, it)),
  managers: cloud.managers.filter((it) => isFor(viewer, it)),
  sensorReports: cloud.sensorReports.filter((it) => isFor(viewer, it)),
  allocations: cloud.allocations.filter((it) => isFor(viewer, it)),
});

/** A sample and whose application it is of. */
export interface OwnedSample {
  readonly organizationId: OrganizationId;
  readonly sample: TrafficSample;
}

/** The samples of the applications that the viewer may see. */
export const trafficFor = (viewer: Viewer, samples: readonly OwnedSample[]): TrafficSample[] =>
  samples.filter((owned) => can.seeApplication(viewer, owned) === true).map(({ sample }) => sample);
