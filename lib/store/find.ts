import { BelayError, type HostId, type IncidentId, type RepairId, type VmId } from "../model/index.ts";
import type { Readable } from "./database.ts";
import { present } from "./rows/host.ts";
import { wholeIncident, wholeRepair } from "./rows/incident.ts";

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
  const row = await db.incident.findUnique({ where: { id }, include: wholeIncident });
  if (row === null) throw new BelayError("not-found", `There is no incident ${id}.`);
  return row;
}

export async function findRepair(db: Readable, id: RepairId) {
  const row = await db.repair.findUnique({
    where: { id },
    include: { ...wholeRepair, vm: { include: { host: true } }, incident: { include: wholeIncident } },
  });
  if (row === null) throw new BelayError("not-found", `There is no repair ${id}.`);
  return row;
}
