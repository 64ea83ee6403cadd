import type { CollaborationStore } from "../../engine/ports.ts";
import {
  type Allocation,
  type AllocationId,
  allocationStates,
  BelayError,
  type EpochMs,
  incidentStates,
  mayBecome,
  toldAllocation,
  type VmId,
} from "../../model/index.ts";
import { findVm } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { readAllocations, toAllocation, unsettledStates } from "../rows/allocation.ts";
import { present } from "../rows/host.ts";
import { toIncident, wholeIncident } from "../rows/incident.ts";
import { idOf, idOrNull, instant, instantOrNull } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";
import type { Write } from "../write/writer.ts";
import { emitIncident } from "./incidents.ts";

type AllocationPart = Pick<
  CollaborationStore,
  "openAllocations" | "allocation" | "recordAllocation" | "recordAllocated" | "recordFreed"
>;

async function findAllocation(tx: Write, id: AllocationId) {
  const row = await tx.db.allocation.findUnique({ where: { id } });
  if (row === null) throw new BelayError("not-found", `There is no allocation ${id}.`);
  return toAllocation(row);
}

/** Tells the allocation as it is now. */
export async function emitAllocation(tx: Write, id: AllocationId, at: EpochMs, words?: string): Promise<Allocation> {
  const allocation = await findAllocation(tx, id);
  const told = toldAllocation(allocation);
  tx.emit(at, `VM ${allocation.name}: ${words ?? allocation.words}`, { kind: "allocation.changed", allocation: told });
  return allocation;
}

/** A VM was made by one allocation, also once that has ended. */
async function checkVmIsFree({ db }: Write, id: AllocationId, vmId: VmId): Promise<void> {
  if ((await db.allocation.count({ where: { vmId, id: { not: id } } })) > 0)
    throw new BelayError("conflict", `VM ${vmId} was made by another allocation.`);
}

/** Read by the VM's owner too. */
const freed = "The VM was freed.";

/** As with its host: the VM stays in its table for history, and what was open for it ends. */
async function forgetVm(tx: Write, id: VmId, at: EpochMs): Promise<void> {
  const { db } = tx;
  const vm = await db.vm.findFirst({ where: { id, ...present }, include: { host: true } });
  if (vm === null) return;
  for (const { id: open, words } of await db.repair.findMany({ where: { vmId: id, finishedAt: null } }))
    await db.repair.update({
      where: { id: open },
      data: { state: "handed-over", words: `${words} ${freed}`, finishedAt: instant(at) },
    });
  const row = await db.incident.findFirst({ where: { vmId: id, endedAt: null }, include: wholeIncident });
  if (row !== null && mayBecome(incidentStates, toIncident(row).state, "cleared")) {
    const data = { state: "cleared", words: freed, awaits: null, endedAt: instant(at) };
    await db.incident.update({ where: { id: row.id }, data });
    await emitIncident(tx, idOf("inc", row.id), at, `VM ${vm.name}: ${freed}`);
  }
  await db.intent.updateMany({
    where: { vmId: id, endedAt: null },
    data: { ok: false, words: freed, endedAt: instant(at) },
  });
  await db.vm.update({ where: { id }, data: { removedAt: instant(at) } });
  tx.emit(at, `VM ${vm.name} on host ${vm.host.name} was freed and is watched no more.`, {
    kind: "vm.removed",
    vmId: id,
    organizationId: idOrNull("org", vm.organizationId),
  });
}

export const engineAllocations = ({ database, write }: Parts): AllocationPart => ({
  openAllocations: () => readAllocations(database, { state: { in: [...unsettledStates] } }),

  async allocation(id) {
    const row = await database.allocation.findUnique({ where: { id } });
    return row === null ? undefined : toAllocation(row);
  },

  /** One that is being freed is not made any more, whatever a step that is done again says. */
  recordAllocation: (id, { state, words, hostId, vmId, takingBack = false }, at) =>
    write(async (tx) => {
      const before = await findAllocation(tx, id);
      if (before.endedAt !== null) return;
      if (before.state === "freeing" && state !== "freeing" && !allocationStates[state].ended) return;
      const to = { state, words, takingBack, hostId: hostId ?? before.hostId, vmId: vmId ?? before.vmId };
      if (Object.entries(to).every(([name, value]) => Reflect.get(before, name) === value)) return;
      if (vmId !== undefined) await checkVmIsFree(tx, id, vmId);
      const endedAt = allocationStates[state].ended ? at : null;
      await tx.db.allocation.update({ where: { id }, data: { ...to, endedAt: instantOrNull(endedAt) } });
      await emitAllocation(tx, id, at);
    }),

  recordAllocated: (id, vmId, at) =>
    write(async (tx) => {
      const allocation = await findAllocation(tx, id);
      const row = await findVm(tx.db, vmId);
      const isMine = allocation.vmId === vmId;
      if (isMine && row.address === allocation.address) return toVm(row); // what people changed since stays
      if (allocation.endedAt !== null || (allocation.vmId !== null && !isMine))
        throw new BelayError("conflict", `Allocation ${id} is ${allocation.state} and gets no VM any more.`);
      await checkVmIsFree(tx, id, vmId);
      await tx.db.allocation.update({ where: { id }, data: { vmId } });
      const { organizationId, applicationId, imageId, address, apart } = allocation;
      const answerCheck = toJson({ kind: "icmp", address });
      const known = { organizationId, applicationId, imageId, address, apart };
      const data = { ...known, answerCheck, wanted: "running", consent: "recreate" };
      const vm = toVm(await tx.db.vm.update({ where: { id: vmId }, data }));
      tx.emit(at, `VM ${vm.name} on host ${row.host.name} was made by Belay.`, { kind: "vm.changed", vm });
      await emitAllocation(tx, id, at);
      return vm;
    }),

  recordFreed: (id, vmId, at) =>
    write(async (tx) => {
      const before = await findAllocation(tx, id);
      if (vmId !== null && before.vmId !== vmId)
        throw new BelayError("conflict", `VM ${vmId} was not made by allocation ${id}.`);
      if (vmId !== null) await forgetVm(tx, vmId, at);
      if (before.endedAt !== null) return;
      const { words } = allocationStates.freed;
      await tx.db.allocation.update({ where: { id }, data: { state: "freed", words, endedAt: instant(at) } });
      await emitAllocation(tx, id, at);
    }),
});
