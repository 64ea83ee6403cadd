import {
  BelayError,
  type HostId,
  type IncidentId,
  type MaintenanceId,
  type RepairId,
  type VmId,
} from "../model/index.ts";
import type { Readable } from "./database.ts";
import { present } from "./rows/host.ts";
import { wholeIncident, wholeRepair } from "./rows/incident.ts";
import { wholeMaintenance } from "./rows/provider.ts";

/** Reads of one row that has to be there. */

export async function findHost(db: Readable, id: HostId) {
  const row = await db.host.findFirst({ where: { id, ...present } });
  if (row === null) throw new BelayError("not-found", `There is no host ${id}.`);
  return row;
}

/** With its host, whose name the events say. */
export async function findVm(db: Readable, id: VmId) {
  const row = await db.vm.findFirst({ where: { id, ...present }, include: { host: true } });
  if (row === null) throw new BelayError("not-found", `There is no VM ${id}.`);
  return row;
}

/** Also of a VM that was removed: history stays. */
export async function findIncident(db: Readable, id: IncidentId) {
  const row = await db.incident.findUnique({ where: { id }, include: { ...wholeIncident, host: true } });
  if (row === null) throw new BelayError("not-found", `There is no incident ${id}.`);
  return row;
}

export async function findRepair(db: Readable, id: RepairId) {
  const row = await db.repair.findUnique({
    where: { id },
    include: {
      ...wholeRepair,
      vm: { include: { host: true } },
      incident: { include: { ...wholeIncident, host: true } },
    },
  });
  if (row === null) throw new BelayError("not-found", `There is no repair ${id}.`);
  return row;
}

export async function findMaintenance(db: Readable, id: MaintenanceId) {
  const row = await db.maintenance.findUnique({ where: { id }, include: { ...wholeMaintenance, host: true } });
  if (row === null) throw new BelayError("not-found", `There is no maintenance ${id}.`);
  return row;
}

/** What an incident or a repair is of, as events name it. */
export const nameOf = (row: {
  readonly vm: { readonly name: string; readonly host: { readonly name: string } } | null;
  readonly incident: { readonly host: { readonly name: string } };
}): string => (row.vm === null ? `Host ${row.incident.host.name}` : `VM ${row.vm.name} on host ${row.vm.host.name}`);
