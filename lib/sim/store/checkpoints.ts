import type { CheckpointServiceStore, CheckpointStore } from "../../engine/ports.ts";
import {
  BelayError,
  type Checkpoint,
  type CheckpointId,
  type CheckpointStatus,
  checkpointEveryMsOf,
  checkpointNews,
  type EpochMs,
  type OrganizationId,
  tellCheckpointsEveryMs,
  type VmId,
  withinCheckpointLimits,
} from "../../model/index.ts";
import { audit, type Parts } from "./parts.ts";
import { byText, type CheckpointRow, hostName, needVm, policyOf, type Tables, watchedVms } from "./tables.ts";

type ForEngine = Pick<
  CheckpointStore,
  | "recordCheckpoint"
  | "recordVerified"
  | "recordStored"
  | "removeCheckpoints"
  | "checkpointsOf"
  | "checkpointsOfRemoved"
  | "recordCheckpointStatus"
  | "checkpointStatuses"
  | "checkpointIntervals"
>;
type ForPeople = Omit<CheckpointServiceStore, "recordWish" | "checkpointStatuses">;

const mostCheckpoints = 1000;
const removedAtOnce = 1000;

export const statusesOf = (tables: Tables): CheckpointStatus[] =>
  watchedVms(tables).flatMap(({ id }) => tables.checkpointStatuses.get(id)?.status ?? []);

const asCheckpoint = ({ organizationId: _, number: __, storeId: ___, ...checkpoint }: CheckpointRow): Checkpoint =>
  checkpoint;

const newestFirst = (tables: Tables, vm: VmId): CheckpointRow[] =>
  [...tables.by.checkpointsOfVm.of(vm)].sort((a, b) => b.number - a.number);

/** Tells the status as it is to whom the VM belongs now; nothing where it has none. */
export function emitStatus(
  { tables, log }: Parts,
  vm: VmId,
  organizationId: OrganizationId | null,
  at: EpochMs,
  words: string,
): void {
  const row = tables.checkpointStatuses.get(vm);
  if (row) log.append(at, words, { kind: "checkpoint-status.changed", organizationId, status: row.status });
}

/** Checkpoints as they are taken and found: without an event. What is told is the status. */
export function engineCheckpoints(parts: Parts): ForEngine {
  const { tables } = parts;
  let number = 0;
  return {
    async recordCheckpoint(checkpoint, _at, inStore) {
      const row = tables.vms.get(checkpoint.vmId);
      if (row === undefined || row.removed || tables.checkpoints.has(checkpoint.id)) return;
      const { organizationId } = row.vm;
      const more = { number: ++number, organizationId, storeId: inStore ?? null };
      tables.checkpoints.set(checkpoint.id, { ...checkpoint, ...more });
    },
    async recordVerified(id, { ok, words }, verifiedAt) {
      const before = tables.checkpoints.get(id);
      if (before === undefined) return;
      const state = ok ? "valid" : "damaged";
      const said = ok && before.state === "valid" ? before.words : words;
      tables.checkpoints.set(id, { ...before, state, words: said, verifiedAt });
    },
    async recordStored(ids, storeId) {
      for (const id of ids) {
        const row = tables.checkpoints.get(id);
        if (row !== undefined) tables.checkpoints.set(id, { ...row, storeId });
      }
    },
    async removeCheckpoints(ids, _at, unless) {
      const stays = (id: CheckpointId) => unless === "kept" && tables.checkpoints.get(id)?.kept === true;
      const gone = ids.filter((id) => !stays(id));
      for (const id of gone) tables.checkpoints.delete(id);
      return gone;
    },
    checkpointsOf: async (vm, inStore) =>
      newestFirst(tables, vm)
        .filter(({ storeId }) => inStore === undefined || storeId === null || storeId === inStore)
        .map(asCheckpoint),

    async recordCheckpointStatus(status, at) {
      const { vmId } = status;
      const known = tables.checkpointStatuses.get(vmId);
      const { news, words } = checkpointNews(known?.status, status);
      const row = tables.vms.get(vmId);
      if (news === "none" || row === undefined || row.removed) return;
      const everyMs = tellCheckpointsEveryMs(tables.checkpointStatuses.size);
      const isTold = news === "loud" || known === undefined || Math.abs(at - known.toldAt) >= everyMs;
      tables.checkpointStatuses.set(vmId, { status, toldAt: isTold ? at : known.toldAt });
      const { vm } = row;
      const said = `VM ${vm.name} on host ${hostName(tables, vm.hostId)}: ${words}`;
      if (isTold) emitStatus(parts, vmId, vm.organizationId, at, said);
    },
    checkpointStatuses: async () => new Map(statusesOf(tables).map((status) => [status.vmId, status])),
    checkpointsOfRemoved: async (before) =>
      [...tables.checkpoints.values()]
        .filter(({ vmId, at }) => at < before && tables.vms.get(vmId)?.removed === true)
        .sort((a, b) => a.at - b.at || byText(a.id, b.id))
        .slice(0, removedAtOnce)
        .map(({ id }) => id),
    checkpointIntervals: async (of) => {
      const policy = policyOf(tables);
      const intervals = new Map<VmId, number>();
      const one = of === undefined ? undefined : tables.vms.get(of);
      const asked = one === undefined || one.removed ? [] : [one.vm];
      for (const vm of of === undefined ? tables.inOrder.vmsToSave.all() : asked) {
        const application = vm.applicationId === null ? undefined : tables.applications.get(vm.applicationId);
        const everyMs = checkpointEveryMsOf(vm, application);
        if (everyMs !== null) intervals.set(vm.id, withinCheckpointLimits(everyMs, policy));
      }
      return intervals;
    },
  };
}

export function peopleCheckpoints(parts: Parts): ForPeople {
  const { tables } = parts;
  return {
    checkpoints: async ({ vmId, limit, organizationId }) =>
      newestFirst(tables, vmId)
        .filter((it) => organizationId === undefined || it.organizationId === organizationId)
        .slice(0, Math.max(0, Math.min(limit, mostCheckpoints)))
        .map(asCheckpoint),
    async checkpoint(id) {
      const row = tables.checkpoints.get(id);
      return row && { checkpoint: asCheckpoint(row), organizationId: row.organizationId };
    },
    async keepCheckpoint(id, kept, by, at) {
      const before = tables.checkpoints.get(id);
      if (before === undefined) throw new BelayError("not-found", `There is no checkpoint ${id}.`);
      if (before.kept === kept) return asCheckpoint(before);
      tables.checkpoints.set(id, { ...before, kept });
      audit(parts, by, at, "checkpoint.keep", id);
      return asCheckpoint({ ...before, kept });
    },
    failuresSince: async (vm, since) =>
      [...tables.incidents.values()].filter(
        (it) => it.vmId === vm && it.td >= since && it.tpSource !== "injected" && it.cause !== "called-restore",
      ).length,
    organizationOf: async (id) => needVm(tables, id).vm.organizationId,
  };
}
