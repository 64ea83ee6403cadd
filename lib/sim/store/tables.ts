import type { Intent, PendingWish } from "../../engine/ports.ts";
import {
  type AllocationId,
  type ApiKey,
  type Application,
  type ApplicationId,
  BelayError,
  type Checkpoint,
  type CheckpointId,
  type CheckpointStatus,
  type CloudPolicy,
  defaultPolicy,
  type Endpoint,
  type EpochMs,
  type FenceDevice,
  type FenceDeviceId,
  type FenceMethod,
  type Hook,
  type HookId,
  type Host,
  type HostId,
  type Image,
  type ImageId,
  type Incident,
  type IncidentId,
  type IntentId,
  incidentStates,
  type KeyId,
  type Maintenance,
  type MaintenanceId,
  type MessageId,
  type Organization,
  type OrganizationId,
  type Repair,
  type RepairId,
  repairStates,
  type Tolerance,
  type Viewer,
  type Vm,
  type VmId,
} from "../../model/index.ts";
import type { AllocationRow, ManagerRow, MessageRow, SensorsRow } from "./collaboration-rows.ts";
import { type Changes, type Index, Rows, type Sorted } from "./rows.ts";

export interface HostRow {
  readonly host: Host;
  /** Removed hosts and VMs stay for the history of their incidents; nothing else shows them. */
  readonly removed: boolean;
  /** What `fenced` rests on. */
  readonly fenceProof?: FenceProof | undefined;
}
export interface FenceProof {
  readonly method: FenceMethod;
  readonly at: EpochMs;
  readonly words: string;
}
/** To which hosts a repair gave its VM, in order, and whether a living host let it go. */
export interface ClaimRow {
  readonly claims: readonly { readonly to: HostId; readonly from: HostId }[];
  readonly released: boolean;
}
/** What is there once for the whole cloud. */
export interface SettingRow {
  readonly policy?: CloudPolicy;
  readonly tolerance?: readonly Tolerance[];
  /** Of the store of checkpoints' bytes. */
  readonly fullSince?: EpochMs | null;
}
export interface VmRow {
  readonly vm: Vm;
  readonly definition: string | null;
  readonly removed: boolean;
}
export type IncidentRow = Omit<Incident, "repairs">;
export interface RepairRow extends Repair {
  readonly begunAt: EpochMs | null;
}
export interface IntentRow extends Intent {
  readonly key: string;
  readonly begunAt: EpochMs | null;
  readonly ended: { readonly at: EpochMs; readonly ok: boolean; readonly words: string } | null;
}
export interface WishRow extends PendingWish, Pick<IntentRow, "key" | "begunAt" | "ended"> {}
export interface CheckpointRow extends Checkpoint {
  /** The order in which they were written down. */
  readonly number: number;
  /** Whose the VM was when it was taken. */
  readonly organizationId: OrganizationId | null;
  /** Which store holds its bytes; null: not known. */
  readonly storeId: string | null;
}
export interface CheckpointStatusRow {
  readonly status: CheckpointStatus;
  /** When an event last said it. */
  readonly toldAt: EpochMs;
}
export interface AuditRow {
  readonly at: EpochMs;
  readonly by: Viewer;
  readonly action: string;
  readonly subject: string;
}

/** Everything that the store keeps, as prisma/schema.prisma has it. Rows are replaced, never changed. */
export interface Tables {
  readonly organizations: Rows<OrganizationId, Organization>;
  readonly hosts: Rows<HostId, HostRow>;
  readonly applications: Rows<ApplicationId, Application>;
  readonly vms: Rows<VmId, VmRow>;
  readonly incidents: Rows<IncidentId, IncidentRow>;
  readonly repairs: Rows<RepairId, RepairRow>;
  readonly intents: Rows<IntentId, IntentRow>;
  readonly wishes: Rows<IntentId, WishRow>;
  readonly checkpoints: Rows<CheckpointId, CheckpointRow>;
  readonly checkpointStatuses: Rows<VmId, CheckpointStatusRow>;
  /** Which checkpoint a repair was told to take. */
  readonly called: Rows<RepairId, CheckpointId>;
  readonly claims: Rows<RepairId, ClaimRow>;
  readonly saidOff: Rows<IncidentId, { readonly by: string; readonly at: EpochMs }>;
  readonly fenceDevices: Rows<FenceDeviceId, FenceDevice>;
  readonly hooks: Rows<HookId, Hook>;
  readonly maintenances: Rows<MaintenanceId, Maintenance>;
  readonly settings: Rows<"policy" | "tolerance" | "checkpoint-room", SettingRow>;
  readonly keys: Rows<KeyId, ApiKey & { readonly digest: string }>;
  readonly images: Rows<ImageId, Image>;
  readonly endpoints: Rows<OrganizationId, Endpoint & { readonly secret: string }>;
  readonly managers: Rows<OrganizationId, ManagerRow>;
  readonly sensors: Rows<ApplicationId, SensorsRow>;
  /** In the order of the commits. */
  readonly messages: Rows<MessageId, MessageRow>;
  readonly allocations: Rows<AllocationId, AllocationRow>;
  readonly audit: AuditRow[];
  readonly changes: Changes;
  readonly inOrder: {
    /** Those that are enrolled, the first one first. */
    readonly hosts: Sorted<HostId, HostRow, Host>;
    /** Those that are watched, in the order of their ids. */
    readonly vms: Sorted<VmId, VmRow, Vm>;
    /** Those of them for which an interval may have been chosen, their own or their application's. */
    readonly vmsToSave: Sorted<VmId, VmRow, Vm>;
  };
  readonly by: {
    /** Incidents that have not ended, in one group ("open"). */
    readonly openIncident: Index<IncidentId, IncidentRow>;
    readonly openIncidentOfVm: Index<IncidentId, IncidentRow>;
    /** Of the host itself. */
    readonly openIncidentOfHost: Index<IncidentId, IncidentRow>;
    readonly openPartOf: Index<IncidentId, IncidentRow>;
    readonly openRepair: Index<RepairId, RepairRow>;
    readonly openRepairOfVm: Index<RepairId, RepairRow>;
    readonly openRepairOfIncident: Index<RepairId, RepairRow>;
    /** VMs that are watched. */
    readonly vmOfHost: Index<VmId, VmRow>;
    readonly vmOfUuid: Index<VmId, VmRow>;
    readonly repairsOfIncident: Index<RepairId, RepairRow>;
    readonly repairsOfVm: Index<RepairId, RepairRow>;
    readonly openIntent: Index<IntentId, IntentRow>;
    readonly intentsOfVm: Index<IntentId, IntentRow>;
    readonly intentKey: Index<IntentId, IntentRow>;
    readonly openWish: Index<IntentId, WishRow>;
    readonly wishKey: Index<IntentId, WishRow>;
    readonly checkpointsOfVm: Index<CheckpointId, CheckpointRow>;
    readonly keyDigest: Index<KeyId, ApiKey & { readonly digest: string }>;
    readonly messageKey: Index<MessageId, MessageRow>;
    readonly messagesOf: Index<MessageId, MessageRow>;
    readonly messagesOfRepair: Index<MessageId, MessageRow>;
    /** The customer's that the engine has something to do about, in one group ("unsettled"). */
    readonly unsettledMessage: Index<MessageId, MessageRow>;
    readonly allocationOfVm: Index<AllocationId, AllocationRow>;
  };
}

export function createTables(): Tables {
  const changes: Changes = { count: 0 };
  const table = <K, V>() => new Rows<K, V>(changes);
  const incidents = table<IncidentId, IncidentRow>();
  const repairs = table<RepairId, RepairRow>();
  const intents = table<IntentId, IntentRow>();
  const wishes = table<IntentId, WishRow>();
  const checkpoints = table<CheckpointId, CheckpointRow>();
  const hosts = table<HostId, HostRow>();
  const vms = table<VmId, VmRow>();
  const keys = table<KeyId, ApiKey & { readonly digest: string }>();
  const messages = table<MessageId, MessageRow>();
  const allocations = table<AllocationId, AllocationRow>();
  return {
    ...{ organizations: table(), hosts, applications: table(), vms },
    ...{ incidents, repairs, intents, audit: [], changes },
    ...{ claims: table(), saidOff: table(), fenceDevices: table(), hooks: table() },
    ...{ maintenances: table(), settings: table() },
    ...{ wishes, checkpoints, checkpointStatuses: table(), called: table() },
    ...{ keys, messages, allocations, images: table(), endpoints: table(), managers: table(), sensors: table() },
    inOrder: {
      hosts: hosts.sortedBy(
        (row) => (row.removed ? undefined : row.host),
        (a, b) => a.enrolledAt - b.enrolledAt || byText(a.id, b.id),
      ),
      vms: vms.sortedBy(
        (row) => (row.removed ? undefined : row.vm),
        (a, b) => byText(a.id, b.id),
      ),
      vmsToSave: vms.sortedBy(
        ({ vm, removed }) => (removed || (vm.applicationId ?? vm.checkpointEveryMs) === null ? undefined : vm),
        (a, b) => byText(a.id, b.id),
      ),
    },
    by: {
      openIncident: incidents.indexBy((row) => (isOpenIncident(row) ? "open" : undefined)),
      openIncidentOfVm: incidents.indexBy((row) => (isOpenIncident(row) ? (row.vmId ?? undefined) : undefined)),
      openIncidentOfHost: incidents.indexBy((row) =>
        isOpenIncident(row) && row.vmId === null ? row.hostId : undefined,
      ),
      openPartOf: incidents.indexBy((row) => (isOpenIncident(row) ? (row.partOf ?? undefined) : undefined)),
      openRepair: repairs.indexBy((row) => (isOpenRepair(row) ? "open" : undefined)),
      openRepairOfVm: repairs.indexBy((row) => (isOpenRepair(row) ? (row.vmId ?? undefined) : undefined)),
      openRepairOfIncident: repairs.indexBy((row) => (isOpenRepair(row) ? row.incidentId : undefined)),
      vmOfHost: vms.indexBy((row) => (row.removed ? undefined : row.vm.hostId)),
      vmOfUuid: vms.indexBy((row) => (row.removed ? undefined : row.vm.uuid)),
      repairsOfIncident: repairs.indexBy((row) => row.incidentId),
      repairsOfVm: repairs.indexBy((row) => row.vmId ?? undefined),
      openIntent: intents.indexBy((row) => (row.ended === null ? "open" : undefined)),
      intentsOfVm: intents.indexBy((row) => row.vmId),
      intentKey: intents.indexBy((row) => row.key),
      openWish: wishes.indexBy((row) => (row.ended === null ? "open" : undefined)),
      wishKey: wishes.indexBy((row) => row.key),
      checkpointsOfVm: checkpoints.indexBy((row) => row.vmId),
      keyDigest: keys.indexBy((row) => row.digest),
      messageKey: messages.indexBy((row) => row.key ?? undefined),
      messagesOf: messages.indexBy((row) => row.message.organizationId),
      messagesOfRepair: messages.indexBy((row) => row.message.repairId ?? undefined),
      unsettledMessage: messages.indexBy((row) =>
        row.message.from === "customer" && row.settledAt === null ? "unsettled" : undefined,
      ),
      allocationOfVm: allocations.indexBy((row) => row.allocation.vmId ?? undefined),
    },
  };
}

/** The row, or a refusal that names what is missing. */
export function need<K extends string, V>(table: ReadonlyMap<K, V>, id: K, what: string, field?: string): V {
  const row = table.get(id);
  if (row === undefined) throw new BelayError("not-found", `There is no ${what} ${id}.`, { field });
  return row;
}

/** A VM that is watched: not one that was removed. */
export function needVm(tables: Tables, id: VmId): VmRow {
  const row = need(tables.vms, id, "VM");
  if (row.removed) throw new BelayError("not-found", `There is no VM ${id}.`);
  return row;
}

/** A host that is enrolled: not one that was removed. */
export function needHost(tables: Tables, id: HostId): HostRow {
  const row = need(tables.hosts, id, "host");
  if (row.removed) throw new BelayError("not-found", `There is no host ${id}.`);
  return row;
}

export const policyOf = (tables: Tables): CloudPolicy => tables.settings.get("policy")?.policy ?? defaultPolicy;
export const toleranceOf = (tables: Tables): readonly Tolerance[] => tables.settings.get("tolerance")?.tolerance ?? [];

export const hostName = (tables: Tables, id: HostId): string => need(tables.hosts, id, "host").host.name;

/** As lib/store sorts them: several may be planned in one millisecond. */
const oldestFirst = (a: Repair, b: Repair): number => a.plannedAt - b.plannedAt || byText(a.id, b.id);

export const incidentOf = (tables: Tables, row: IncidentRow): Incident => ({
  ...row,
  repairs: [...tables.by.repairsOfIncident.of(row.id)]
    .sort(oldestFirst)
    .map(({ begunAt, ...repair }): Repair => repair),
});

export const isOpenIncident = (row: Pick<Incident, "state">): boolean => !incidentStates[row.state].ended;
export const isOpenRepair = (row: Pick<Repair, "state">): boolean => !repairStates[row.state].ended;

export const openIncidents = (tables: Tables): IncidentRow[] => [...tables.by.openIncident.of("open")];
export const openRepairs = (tables: Tables): RepairRow[] => [...tables.by.openRepair.of("open")].sort(oldestFirst);

function first<T>(rows: Iterable<T>): T | undefined {
  for (const row of rows) return row;
  return undefined;
}

/** The host's VMs that are watched, as lib/store sorts them. */
export const vmsOfHost = (tables: Tables, host: HostId): Vm[] => byName(tables.by.vmOfHost.of(host));
export const vmOfUuid = (tables: Tables, uuid: string): Vm | undefined => first(tables.by.vmOfUuid.of(uuid))?.vm;
/** In the order of their ids. */
export const watchedVms = (tables: Tables): Vm[] => tables.inOrder.vms.all();
/** As people read them. */
export const vmsByName = (tables: Tables): Vm[] => byName([...tables.vms.values()].filter((row) => !row.removed));
const byName = (rows: Iterable<VmRow>): Vm[] =>
  [...rows].map((row) => row.vm).sort((a, b) => byText(a.name, b.name) || byText(a.id, b.id));

/** The VM's incident that has not ended: at most one, as the partial unique index of lib/store has it. */
export const openIncidentOf = (tables: Tables, vm: VmId): IncidentRow | undefined =>
  first(tables.by.openIncidentOfVm.of(vm));
/** The host's own incident that has not ended. */
export const openHostIncidentOf = (tables: Tables, host: HostId): IncidentRow | undefined =>
  first(tables.by.openIncidentOfHost.of(host));
export const openRepairOf = (tables: Tables, vm: VmId): RepairRow | undefined => first(tables.by.openRepairOfVm.of(vm));
export const incidentHasOpenRepair = (tables: Tables, incident: IncidentId): boolean =>
  first(tables.by.openRepairOfIncident.of(incident)) !== undefined;

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
