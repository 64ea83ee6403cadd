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

export interface HostRow {
  readonly host: Host;
  /** Removed hosts and VMs stay for the history of their incidents; nothing else shows them. */
  readonly removed: boolean;
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
export interface AuditRow {
  readonly at: EpochMs;
  readonly by: Viewer;
  readonly action: string;
  readonly subject: string;
}

/** Everything that the store keeps, as prisma/schema.prisma has it. Rows are replaced, never changed. */
export interface Tables {
  readonly organizations: Map<OrganizationId, Organization>;
  readonly hosts: Map<HostId, HostRow>;
  readonly applications: Map<ApplicationId, Application>;
  readonly vms: Map<VmId, VmRow>;
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
  incidents: new Map(),
  repairs: new Map(),
  intents: new Map(),
  audit: [],
});

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

export const hostName = (tables: Tables, id: HostId): string => need(tables.hosts, id, "host").host.name;

export const incidentOf = (tables: Tables, row: IncidentRow): Incident => ({
  ...row,
  repairs: [...tables.repairs.values()]
    .filter((it) => it.incidentId === row.id)
    .map(({ begunAt, ...repair }): Repair => repair),
});

export const isOpenIncident = (row: Pick<Incident, "state">): boolean => !incidentStates[row.state].ended;
export const isOpenRepair = (row: Pick<Repair, "state">): boolean => !repairStates[row.state].ended;

/** The VM's incident that has not ended: at most one, as the partial unique index of lib/store has it. */
export const openIncidentOf = (tables: Tables, vm: VmId): IncidentRow | undefined =>
  [...tables.incidents.values()].find((it) => it.vmId === vm && isOpenIncident(it));
export const openRepairOf = (tables: Tables, vm: VmId): RepairRow | undefined =>
  [...tables.repairs.values()].find((it) => it.vmId === vm && isOpenRepair(it));

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
