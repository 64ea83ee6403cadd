import type { Intent } from "../../engine/ports.ts";
import {
  type Application,
  type ApplicationId,
  BelayError,
  type EpochMs,
  type Host,
  type HostId,
  type Incident,
  type IncidentId,
  type IntentId,
  incidentStates,
  type Organization,
  type OrganizationId,
  type Repair,
  type RepairId,
  repairStates,
  type Viewer,
  type Vm,
  type VmId,
} from "../../model/index.ts";

export type IncidentRow = Omit<Incident, "repairs">;
export interface RepairRow extends Repair {
  readonly begunAt: EpochMs | null;
}
export interface VmRow {
  readonly vm: Vm;
  readonly definition: string | null;
}
export interface IntentRow extends Intent {
  readonly key: string;
  readonly begunAt: EpochMs | null;
  readonly ended: { readonly at: EpochMs; readonly ok: boolean; readonly words: string } | null;
}
export interface AuditRow {
  readonly at: EpochMs;
  readonly by: Viewer;
  readonly action: string;
  readonly subject: string;
}

/** Everything that the store keeps. Rows are replaced, never changed; maps keep the order in which rows came. */
export interface Tables {
  readonly organizations: Map<OrganizationId, Organization>;
  readonly hosts: Map<HostId, Host>;
  readonly applications: Map<ApplicationId, Application>;
  readonly vms: Map<VmId, VmRow>;
  /** VMs of removed hosts: nothing shows them, and repairs that were at work still find their names. */
  readonly removedVms: Map<VmId, VmRow>;
  readonly incidents: Map<IncidentId, IncidentRow>;
  readonly repairs: Map<RepairId, RepairRow>;
  readonly intents: Map<IntentId, IntentRow>;
  readonly audit: AuditRow[];
}

export const createTables = (): Tables => ({
  organizations: new Map(),
  hosts: new Map(),
  applications: new Map(),
  vms: new Map(),
  removedVms: new Map(),
  incidents: new Map(),
  repairs: new Map(),
  intents: new Map(),
  audit: [],
});

/** The row, or a refusal that names what is missing. */
export function need<K extends string, V>(table: ReadonlyMap<K, V>, id: K, what: string): V {
  const row = table.get(id);
  if (row === undefined) throw new BelayError("not-found", `There is no ${what} ${id}.`);
  return row;
}

export const needVm = (tables: Tables, id: VmId): Vm => need(tables.vms, id, "VM").vm;

/** Also one of a removed host. */
export const needAnyVm = (tables: Tables, id: VmId): VmRow => tables.removedVms.get(id) ?? need(tables.vms, id, "VM");

export const repairsOf = (tables: Tables, incident: IncidentId): Repair[] =>
  [...tables.repairs.values()]
    .filter((it) => it.incidentId === incident)
    .map(({ begunAt, ...repair }): Repair => repair);

export const incidentOf = (tables: Tables, row: IncidentRow): Incident => ({
  ...row,
  repairs: repairsOf(tables, row.id),
});

export const isOpenIncident = (row: IncidentRow): boolean => !incidentStates[row.state].ended;
export const isOpenRepair = (row: RepairRow): boolean => !repairStates[row.state].ended;

/** The VM's incident that has not ended: at most one, as the partial unique index of lib/store has it. */
export const openIncidentOf = (tables: Tables, vm: VmId): IncidentRow | undefined =>
  [...tables.incidents.values()].find((it) => it.vmId === vm && isOpenIncident(it));
export const openRepairOf = (tables: Tables, vm: VmId): RepairRow | undefined =>
  [...tables.repairs.values()].find((it) => it.vmId === vm && isOpenRepair(it));
