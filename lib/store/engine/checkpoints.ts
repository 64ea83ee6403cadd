import type { CheckpointStore } from "../../engine/ports.ts";
import {
  type Application,
  type CheckpointStatus,
  checkpointEveryMsOf,
  checkpointNews,
  type OrganizationId,
  tellCheckpointsEveryMs,
  type VmId,
  withinCheckpointLimits,
} from "../../model/index.ts";
import type { Readable } from "../database.ts";
import type { Parts } from "../parts.ts";
import { checkpointRow, lyingIn, statusRow, toCheckpoint, toCheckpointStatus } from "../rows/checkpoint.ts";
import { present } from "../rows/host.ts";
import { epochMs, idOf, idOrNull, instant } from "../rows/narrow.ts";
import { toApplication } from "../rows/organization.ts";
import { toPolicy } from "../rows/provider.ts";
import type { Write } from "../write/writer.ts";

type CheckpointPart = Pick<
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

const removedAtOnce = 1000;

export async function readStatuses(db: Readable): Promise<CheckpointStatus[]> {
  const rows = await db.checkpointStatus.findMany({ where: { vm: present }, orderBy: { vmId: "asc" } });
  return rows.map(toCheckpointStatus);
}

export const readStatusMap = async (db: Readable): Promise<ReadonlyMap<VmId, CheckpointStatus>> =>
  new Map((await readStatuses(db)).map((status) => [status.vmId, status]));

/** Tells the status as it is to whom the VM belongs now; nothing where it has none. */
export async function emitStatus(write: Write, vmId: VmId, owner: OrganizationId | null, at: number, words: string) {
  const row = await write.db.checkpointStatus.findUnique({ where: { vmId } });
  if (row === null) return;
  const status = toCheckpointStatus(row);
  write.emit(at, words, { kind: "checkpoint-status.changed", organizationId: owner, status });
}

/**
 * Checkpoints as they are taken and found. Rows come every few seconds for each VM, so they are written without an event and not in line
 * with the other writes: what is told is the status.
 */
export const engineCheckpoints = ({ database, write }: Parts): CheckpointPart => ({
  async recordCheckpoint(checkpoint, _at, inStore) {
    const vm = await database.vm.findFirst({
      where: { id: checkpoint.vmId, ...present },
      select: { organizationId: true },
    });
    if (vm === null) return;
    const data = [{ ...checkpointRow(checkpoint, vm.organizationId), storeId: inStore ?? null }];
    await database.checkpoint.createMany({ data, skipDuplicates: true });
  },

  async recordVerified(id, { ok, words }, at) {
    const verifiedAt = instant(at);
    if (!ok) {
      await database.checkpoint.updateMany({ where: { id }, data: { state: "damaged", words, verifiedAt } });
      return;
    }
    await database.checkpoint.updateMany({ where: { id, state: { not: "valid" } }, data: { state: "valid", words } });
    await database.checkpoint.updateMany({ where: { id }, data: { verifiedAt } });
  },

  async recordStored(ids, storeId) {
    const elsewhere = { OR: [{ storeId: null }, { storeId: { not: storeId } }] };
    await database.checkpoint.updateMany({ where: { id: { in: [...ids] }, ...elsewhere }, data: { storeId } });
  },

  async removeCheckpoints(ids, _at, unless) {
    const these = { id: { in: [...ids] } };
    await database.checkpoint.deleteMany({ where: unless === "kept" ? { ...these, kept: false } : these });
    const left = new Set(
      (await database.checkpoint.findMany({ where: these, select: { id: true } })).map(({ id }) => id),
    );
    return ids.filter((id) => !left.has(id));
  },

  async checkpointsOf(vmId, inStore) {
    const there = inStore === undefined ? {} : lyingIn(inStore);
    const rows = await database.checkpoint.findMany({ where: { vmId, ...there }, orderBy: { number: "desc" } });
    return rows.map(toCheckpoint);
  },

  async checkpointsOfRemoved(before) {
    const rows = await database.checkpoint.findMany({
      where: { vm: { removedAt: { not: null } }, at: { lt: instant(before) } },
      orderBy: [{ at: "asc" }, { id: "asc" }],
      take: removedAtOnce,
      select: { id: true },
    });
    return rows.map(({ id }) => idOf("ckp", id));
  },

  async recordCheckpointStatus(status, at) {
    const { vmId } = status;
    const known = await database.checkpointStatus.findUnique({ where: { vmId } });
    const { news } = checkpointNews(known === null ? undefined : toCheckpointStatus(known), status);
    if (news === "none") return;
    if (news === "quiet" && known !== null) {
      const sinceMs = Math.abs(at - epochMs(known.toldAt)); // the wall clock may be set back
      const others = sinceMs < tellCheckpointsEveryMs(0) ? 0 : await database.checkpointStatus.count();
      if (sinceMs < tellCheckpointsEveryMs(others)) {
        await database.checkpointStatus.updateMany({ where: { vmId }, data: statusRow(status) });
        return;
      }
    }
    await write(async (tx) => {
      const vm = await tx.db.vm.findFirst({ where: { id: vmId, ...present }, include: { host: true } });
      if (vm === null) return;
      const before = await tx.db.checkpointStatus.findUnique({ where: { vmId } });
      const { words } = checkpointNews(before === null ? undefined : toCheckpointStatus(before), status);
      const data = { ...statusRow(status), toldAt: instant(at) };
      await tx.db.checkpointStatus.upsert({ where: { vmId }, create: { vmId, ...data }, update: data });
      const owner = idOrNull("org", vm.organizationId);
      await emitStatus(tx, vmId, owner, at, `VM ${vm.name} on host ${vm.host.name}: ${words}`);
    });
  },

  checkpointStatuses: () => readStatusMap(database),

  async checkpointIntervals(of) {
    const chosen = { OR: [{ checkpointEveryMs: { gt: 0 } }, { application: { checkpointEveryMs: { gt: 0 } } }] };
    const rows = await database.vm.findMany({
      where: { ...present, ...chosen, ...(of !== undefined && { id: of }) },
      orderBy: { id: "asc" },
      select: { id: true, checkpointEveryMs: true, application: true },
    });
    const policy = toPolicy(await database.policy.findUnique({ where: { id: 1 } }));
    return new Map(
      rows.flatMap((row) => {
        const application: Application | undefined =
          row.application === null ? undefined : toApplication(row.application);
        const everyMs = checkpointEveryMsOf(row, application);
        return everyMs === null ? [] : [[idOf("vm", row.id), withinCheckpointLimits(everyMs, policy)] as const];
      }),
    );
  },
});
