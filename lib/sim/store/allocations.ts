import { isDeepStrictEqual } from "node:util";
import type { CollaborationServiceStore, CollaborationStore } from "../../engine/ports.ts";
import {
  type Allocation,
  type AllocationId,
  allocationRoom,
  allocationStates,
  BelayError,
  type EpochMs,
  incidentStates,
  mayBecome,
  toldAllocation,
  type Vm,
  type VmId,
} from "../../model/index.ts";
import { audit, emitIncident, type Parts } from "./parts.ts";
import {
  byText,
  hostName,
  need,
  needVm,
  openIncidentOf,
  openRepairOf,
  policyOf,
  type Tables,
  watchedVms,
} from "./tables.ts";

type ForEngine = Pick<
  CollaborationStore,
  "openAllocations" | "allocation" | "recordAllocation" | "recordAllocated" | "recordFreed"
>;
type ForPeople = Pick<CollaborationServiceStore, "allocations" | "askAllocation" | "askFree">;
type Asked = Parameters<CollaborationServiceStore["askAllocation"]>[0];

const endedOnes = 200;
const freed = "The VM was freed.";

const oldestFirst = (a: Allocation, b: Allocation): number => a.askedAt - b.askedAt || byText(a.id, b.id);
const all = (tables: Tables): Allocation[] =>
  [...tables.allocations.values()].map((row) => row.allocation).sort(oldestFirst);
export const openAllocationsOf = (tables: Tables): Allocation[] => all(tables).filter((it) => it.endedAt === null);

function put(parts: Parts, to: Allocation, at: EpochMs, words: string = to.words): Allocation {
  parts.tables.allocations.set(to.id, { ...need(parts.tables.allocations, to.id, "allocation"), allocation: to });
  parts.log.append(at, `VM ${to.name}: ${words}`, { kind: "allocation.changed", allocation: toldAllocation(to) });
  return to;
}

/** A VM was made by one allocation, also once that has ended. */
function checkVmIsFree(tables: Tables, id: AllocationId, vm: VmId): void {
  for (const { allocation } of tables.by.allocationOfVm.of(vm))
    if (allocation.id !== id) throw new BelayError("conflict", `VM ${vm} was made by another allocation.`);
}

/** As with its host: the VM stays in its table for history, and what was open for it ends. */
function forgetVm(parts: Parts, id: VmId, at: EpochMs): void {
  const { tables, log } = parts;
  const row = tables.vms.get(id);
  if (row === undefined || row.removed) return;
  const repair = openRepairOf(tables, id);
  if (repair)
    tables.repairs.set(repair.id, {
      ...{ ...repair, state: "handed-over", words: `${repair.words} ${freed}`, finishedAt: at },
    });
  const open = openIncidentOf(tables, id);
  if (open && mayBecome(incidentStates, open.state, "cleared")) {
    tables.incidents.set(open.id, { ...open, state: "cleared", words: freed, awaits: null, endedAt: at });
    emitIncident(parts, open.id, at, `VM ${row.vm.name}: ${freed}`);
  }
  for (const it of tables.by.intentsOfVm.of(id))
    if (it.ended === null) tables.intents.set(it.id, { ...it, ended: { at, ok: false, words: freed } });
  for (const it of tables.wishes.values())
    if (it.vmId === id && it.ended === null)
      tables.wishes.set(it.id, { ...it, ended: { at, ok: false, words: freed } });
  tables.vms.set(id, { ...row, removed: true });
  const { name, hostId, organizationId } = row.vm;
  log.append(at, `VM ${name} on host ${hostName(tables, hostId)} was freed and is watched no more.`, {
    ...{ kind: "vm.removed", vmId: id, organizationId },
  });
}

const find = (tables: Tables, id: AllocationId): Allocation => need(tables.allocations, id, "allocation").allocation;

export function engineAllocations(parts: Parts): ForEngine {
  const { tables, log } = parts;
  return {
    openAllocations: async () =>
      all(tables).filter((it) => it.state === "asked" || it.state === "making" || it.state === "freeing"),
    allocation: async (id) => tables.allocations.get(id)?.allocation,

    async recordAllocation(id, { state, words, hostId, vmId, takingBack = false }, at) {
      const before = find(tables, id);
      const { ended } = allocationStates[state];
      if (before.endedAt !== null) return;
      if (before.state === "freeing" && state !== "freeing" && !ended) return;
      const to = { state, words, takingBack, hostId: hostId ?? before.hostId, vmId: vmId ?? before.vmId };
      if (Object.entries(to).every(([name, value]) => Reflect.get(before, name) === value)) return;
      if (vmId !== undefined) checkVmIsFree(tables, id, vmId);
      put(parts, { ...before, ...to, endedAt: ended ? at : null }, at);
    },

    async recordAllocated(id, vmId, at) {
      const allocation = find(tables, id);
      const row = needVm(tables, vmId);
      const { organizationId, applicationId, imageId, address, apart } = allocation;
      const isMine = allocation.vmId === vmId;
      if (isMine && row.vm.address === address) return row.vm;
      if (allocation.endedAt !== null || (allocation.vmId !== null && !isMine))
        throw new BelayError("conflict", `Allocation ${id} is ${allocation.state} and gets no VM any more.`);
      checkVmIsFree(tables, id, vmId);
      const vm: Vm = {
        ...{ ...row.vm, organizationId, applicationId, imageId, address, apart },
        ...({ answerCheck: { kind: "icmp", address }, wanted: "running", consent: "recreate" } as const),
      };
      tables.vms.set(vmId, { ...row, vm });
      log.append(at, `VM ${vm.name} on host ${hostName(tables, vm.hostId)} was made by Belay.`, {
        ...{ kind: "vm.changed", vm },
      });
      put(parts, { ...allocation, vmId }, at);
      return vm;
    },

    async recordFreed(id, vmId, at) {
      const before = find(tables, id);
      if (vmId !== null && before.vmId !== vmId)
        throw new BelayError("conflict", `VM ${vmId} was not made by allocation ${id}.`);
      if (vmId !== null) forgetVm(parts, vmId, at);
      if (before.endedAt !== null) return;
      put(parts, { ...before, state: "freed", words: allocationStates.freed.words, endedAt: at }, at);
    },
  };
}

const specOf = ({ organizationId, applicationId, imageId, name, memoryMiB, vcpus, apart, sshKeys }: Asked) => ({
  ...{ organizationId, applicationId, imageId, name, memoryMiB, vcpus, apart, sshKeys: [...sshKeys] },
});

function addressFor(tables: Tables, asked: Asked): string {
  const vms = watchedVms(tables);
  const open = openAllocationsOf(tables);
  const { organizationId } = asked;
  const room = allocationRoom(asked, policyOf(tables), {
    own: open.filter((it) => it.organizationId === organizationId),
    names: new Set([...vms, ...open].map((it) => it.name)),
    taken: new Set([
      ...open.map((it) => it.address),
      ...vms.flatMap((it) => [
        ...(it.address === null ? [] : [it.address]),
        ...("address" in it.answerCheck ? [it.answerCheck.address] : []),
      ]),
    ]),
  });
  if ("address" in room) return room.address;
  throw new BelayError("conflict", room.refusal, { field: room.field });
}

export function peopleAllocations(parts: Parts): ForPeople {
  const { tables, log } = parts;
  return {
    async allocations(organization) {
      const own = all(tables).filter((it) => organization === null || it.organizationId === organization);
      const ended = own.filter((it) => it.endedAt !== null).slice(-endedOnes);
      return [...ended, ...own.filter((it) => it.endedAt === null)];
    },

    async askAllocation(asked, key, by, at) {
      const { id, uuid, askedAt, organizationId } = asked;
      const spec = specOf(asked);
      const known = [...tables.allocations.values()].find(
        (row) => row.key === key && row.allocation.organizationId === organizationId,
      )?.allocation;
      if (known) {
        if (isDeepStrictEqual(specOf(known), spec)) return known;
        throw new BelayError("conflict", "This key was used for another request.", { field: "Idempotency-Key" });
      }
      const application = tables.applications.get(asked.applicationId);
      if (application?.organizationId !== organizationId)
        throw new BelayError("not-found", `There is no application ${asked.applicationId}.`, {
          field: "applicationId",
        });
      need(tables.images, asked.imageId, "image", "imageId");
      const address = addressFor(tables, asked);
      const allocation: Allocation = {
        ...{ ...spec, id, uuid, askedAt, address, state: "asked", words: allocationStates.asked.words },
        ...{ hostId: null, takingBack: false, vmId: null, endedAt: null },
      };
      tables.allocations.set(id, { allocation, key });
      audit(parts, by, at, "allocation.ask", id);
      parts.wake("intents");
      const owner = need(tables.organizations, organizationId, "organization");
      return put(parts, allocation, at, `asked for by ${by.name} for ${owner.name}.`);
    },

    async askFree(vmId, by, at) {
      const row = need(tables.vms, vmId, "VM");
      const { vm } = row;
      const before = [...tables.by.allocationOfVm.of(vmId)][0]?.allocation;
      if (before === undefined)
        throw new BelayError("not-allowed", `VM ${vm.name} was not made by Belay, so Belay does not take it away.`);
      if (before.endedAt !== null || before.state === "freeing") return before;
      if (openRepairOf(tables, vmId))
        throw new BelayError("conflict", `VM ${vm.name} is being repaired.`, { field: "id" });
      audit(parts, by, at, "allocation.free", before.id);
      if (vm.wanted !== "stopped" && !row.removed) {
        const unwanted: Vm = { ...vm, wanted: "stopped" };
        tables.vms.set(vmId, { ...row, vm: unwanted });
        const words = `VM ${vm.name} on host ${hostName(tables, vm.hostId)} is given back by ${by.name}.`;
        log.append(at, words, { kind: "vm.changed", vm: unwanted });
      }
      parts.wake("intents");
      return put(parts, { ...before, state: "freeing", words: allocationStates.freeing.words }, at);
    },
  };
}
