import type { RetentionStore } from "../../engine/ports.ts";
import type { EpochMs } from "../../model/index.ts";
import type { Readable } from "../database.ts";
import type { Parts } from "../parts.ts";
import { lyingIn } from "../rows/checkpoint.ts";
import { present } from "../rows/host.ts";
import { epochMs, idOf, instant } from "../rows/narrow.ts";

const storeFullWords = (isFull: boolean): string =>
  isFull
    ? "The store of checkpoints is full: nothing more is saved. What was saved before can be restored."
    : "The store of checkpoints is not known to be full any more.";

export async function readStoreFullSince(db: Readable): Promise<EpochMs | null> {
  const row = await db.checkpointRoom.findUnique({ where: { id: 1 } });
  return row === null || row.fullSince === null ? null : epochMs(row.fullSince);
}

/** What is kept of saved states, and whether there is room for more. */
export const engineRetention = ({ database, write }: Parts): RetentionStore => ({
  async keepAsked(id) {
    await database.checkpoint.updateMany({ where: { id }, data: { kept: true } });
  },

  async checkpointCounts(inStore) {
    const where = { kept: false, vm: present, ...lyingIn(inStore) };
    const rows = await database.checkpoint.groupBy({ by: ["vmId"], where, _count: { _all: true } });
    return new Map(rows.map(({ vmId, _count }) => [idOf("vm", vmId), _count._all]));
  },

  checkpointsElsewhere: (inStore) =>
    database.checkpoint.count({ where: { state: "valid", storeId: { not: inStore }, vm: present } }), // null is not counted

  async recordStoreFull(isFull, at) {
    const isNews = async (db: Readable) => ((await readStoreFullSince(db)) !== null) !== isFull;
    if (!(await isNews(database))) return; // no lock of all writes for what is known
    await write(async ({ db, emit }) => {
      if (!(await isNews(db))) return;
      const data = { fullSince: isFull ? instant(at) : null };
      await db.checkpointRoom.upsert({ where: { id: 1 }, create: { id: 1, ...data }, update: data });
      emit(at, storeFullWords(isFull), { kind: "checkpoint-store.changed", fullSince: isFull ? at : null });
    });
  },
});
