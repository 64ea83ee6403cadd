import type { Change, CheckpointStatusView, CloudEvent, CloudView, PolicyView, VmView } from "../contract/index.ts";

/**
 * The cloud as this browser has it. `newest` holds, for each thing that an event changed since the snapshot, the number of that event,
 * so that an older event, or the same one again, changes nothing, in whatever order they come.
 */
export interface LiveCloud extends CloudView {
  readonly newest: Readonly<Record<string, number>>;
  /** Number of the last event in the snapshot that this began from. */
  readonly base: number;
}

/** Ended incidents that are kept, as many as the server's snapshot has. */
export const endedIncidentsKept = 50;

export const fromSnapshot = (cloud: CloudView): LiveCloud => ({
  ...cloud,
  organizations: byId(cloud.organizations),
  hosts: byName(cloud.hosts),
  applications: byId(cloud.applications),
  vms: byName(cloud.vms),
  incidents: newestFirst(cloud.incidents),
  fenceDevices: byId(cloud.fenceDevices),
  hooks: byId(cloud.hooks),
  maintenances: byId(cloud.maintenances),
  newest: {},
  base: cloud.seq,
});

type Thing = { readonly id: string };

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byId = <T extends Thing>(list: readonly T[]): T[] => [...list].sort((a, b) => compare(a.id, b.id));

type Named = Thing & { readonly name: string };
const names = new Intl.Collator("en", { numeric: true });
/** As people look for them: web-2 before web-10. Applications are not: each keeps its colour by its place. */
const byName = <T extends Named>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => names.compare(a.name, b.name) || compare(a.id, b.id));

function newestFirst(list: CloudView["incidents"]): CloudView["incidents"] {
  let ended = 0;
  return [...list]
    .sort((a, b) => b.tp - a.tp || compare(b.id, a.id))
    .filter((incident) => incident.endedAt === null || ++ended <= endedIncidentsKept);
}

const without = <T extends Thing>(list: readonly T[], id: string): T[] => list.filter((it) => it.id !== id);
const put = <T extends Thing>(list: readonly T[], thing: T): T[] =>
  list.some((it) => it.id === thing.id) ? list.map((it) => (it.id === thing.id ? thing : it)) : byId([...list, thing]);

/** In its place, as long as it is called the same. */
const putNamed = <T extends Named>(list: readonly T[], thing: T): T[] =>
  list.find((it) => it.id === thing.id)?.name === thing.name
    ? list.map((it) => (it.id === thing.id ? thing : it))
    : byName([...without(list, thing.id), thing]);

/** Kept also of VMs that left, so that events may come in any order: it is only ever looked up by VM. */
const putStatus = (list: CloudView["checkpointStatuses"], status: CheckpointStatusView) =>
  [...list.filter((it) => it.vmId !== status.vmId), status].sort((a, b) => compare(a.vmId, b.vmId));

const limitsOf = (policy: PolicyView): CloudView["checkpointLimits"] => ({
  leastMs: policy.checkpointLeastMs,
  mostMs: policy.checkpointMostMs,
});

/** The id of the thing that a change is about; "policy" and "tolerance" are each one thing. */
export function subjectOf(change: Change): string {
  switch (change.kind) {
    case "organization.changed":
      return change.organization.id;
    case "host.changed":
      return change.host.id;
    case "host.removed":
      return change.hostId;
    case "application.changed":
      return change.application.id;
    case "vm.changed":
      return change.vm.id;
    case "vm.removed":
      return change.vmId;
    case "incident.changed":
      return change.incident.id;
    case "checkpoint-status.changed":
      return `checkpoints of ${change.status.vmId}`; // a thing of its own: a VM's event says nothing of it
    case "fence-device.changed":
      return change.fenceDevice.id;
    case "fence-device.removed":
      return change.fenceDeviceId;
    case "hook.changed":
      return change.hook.id;
    case "hook.removed":
      return change.hookId;
    case "maintenance.changed":
      return change.maintenance.id;
    case "policy.changed":
      return "policy";
    case "tolerance.changed":
      return "tolerance";
    case "checkpoint-store.changed":
      return "checkpoint store";
    case "conversation.changed":
      return change.message.id;
    case "sensors.changed":
      return `sensors of ${change.report.applicationId}`;
    case "manager.changed":
      return `manager of ${change.manager.organizationId}`;
    case "allocation.changed":
      return change.allocation.id;
    case "image.changed":
      return change.image.id;
    case "image.removed":
      return change.imageId;
    case "cloud.stale":
      return "cloud";
  }
}

/** An event tells of the VM alone: what was said of its host holds until the cloud is fetched again. */
const fromHostOf = ({ vms }: LiveCloud, { id }: Thing): Pick<VmView, "hostLoss" | "onHold"> => {
  const { hostLoss, onHold } = vms.find((it) => it.id === id) ?? {};
  return { hostLoss, onHold };
};

function changed(cloud: LiveCloud, change: Change): Partial<CloudView> {
  switch (change.kind) {
    case "organization.changed":
      return { organizations: put(cloud.organizations, change.organization) };
    case "host.changed":
      return { hosts: putNamed(cloud.hosts, change.host) };
    case "host.removed":
      return { hosts: without(cloud.hosts, change.hostId) };
    case "application.changed":
      return { applications: put(cloud.applications, change.application) };
    case "vm.changed":
      return { vms: putNamed(cloud.vms, { ...fromHostOf(cloud, change.vm), ...change.vm }) };
    case "vm.removed":
      return { vms: without(cloud.vms, change.vmId) };
    case "incident.changed":
      return { incidents: newestFirst([...without(cloud.incidents, change.incident.id), change.incident]) };
    case "checkpoint-status.changed":
      return { checkpointStatuses: putStatus(cloud.checkpointStatuses, change.status) };
    case "fence-device.changed":
      return { fenceDevices: put(cloud.fenceDevices, change.fenceDevice) };
    case "fence-device.removed":
      return { fenceDevices: without(cloud.fenceDevices, change.fenceDeviceId) };
    case "hook.changed":
      return { hooks: put(cloud.hooks, change.hook) };
    case "hook.removed":
      return { hooks: without(cloud.hooks, change.hookId) };
    case "maintenance.changed":
      return { maintenances: put(cloud.maintenances, change.maintenance) };
    case "policy.changed":
      return { policy: change.policy, checkpointLimits: limitsOf(change.policy) };
    case "tolerance.changed":
      return { tolerance: change.tolerance };
    case "checkpoint-store.changed":
      return { checkpointStoreFullSince: change.fullSince };
    case "sensors.changed": {
      const others = cloud.sensorReports.filter((it) => it.applicationId !== change.report.applicationId);
      return { sensorReports: [...others, change.report] };
    }
    case "manager.changed": {
      const others = cloud.managers.filter((it) => it.organizationId !== change.manager.organizationId);
      return { managers: [...others, change.manager] };
    }
    case "allocation.changed": {
      const { allocation } = change;
      const others = without(cloud.allocations, allocation.id);
      return { allocations: allocation.endedAt === null ? byId([...others, allocation]) : others };
    }
    case "image.changed":
      return { images: put(cloud.images, change.image) };
    case "image.removed":
      return { images: without(cloud.images, change.imageId) };
    case "conversation.changed": // whoever shows it has it in a place of its own: see the feed
      return {};
    case "cloud.stale":
      return {}; // what is new is in the next snapshot
  }
}

/**
 * The cloud after one event. Pure; the same event twice is once; an event older than what is known of its thing changes nothing,
 * and then the very same object is returned.
 */
export function applyEvent(cloud: LiveCloud, event: CloudEvent): LiveCloud {
  const subject = subjectOf(event.change);
  if (event.seq <= (cloud.newest[subject] ?? cloud.base)) return cloud;
  return {
    ...cloud,
    ...changed(cloud, event.change),
    seq: Math.max(cloud.seq, event.seq),
    newest: { ...cloud.newest, [subject]: event.seq },
  };
}

/** As `applyEvent` for each; `seq` says how far the viewer is, also where the last numbers were not for them. */
export function applyEvents(cloud: LiveCloud, events: readonly CloudEvent[], seq: number): LiveCloud {
  const after = events.reduce(applyEvent, cloud);
  return after.seq >= seq ? after : { ...after, seq };
}
