import type { RetentionStore } from "../../engine/ports.ts";
import type { EpochMs, VmId } from "../../model/index.ts";
import type { Parts } from "./parts.ts";
import type { Tables } from "./tables.ts";

const storeFullWords = (isFull: boolean): string =>
  isFull
    ? "The store of checkpoints is full: nothing more is saved. What was saved before can be restored."
    : "The store of checkpoints is not known to be full any more.";

export const storeFullSinceOf = (tables: Tables): EpochMs | null =>
  tables.settings.get("checkpoint-room")?.fullSince ?? null;

/** What is kept of saved states, and whether there is room for more. */
export const engineRetention = ({ tables, log }: Parts): RetentionStore => ({
  async keepAsked(id) {
    const row = tables.checkpoints.get(id);
    if (row !== undefined && !row.kept) tables.checkpoints.set(id, { ...row, kept: true });
  },
  async checkpointCounts(inStore) {
    const counts = new Map<VmId, number>();
    for (const { vmId, kept, storeId } of tables.checkpoints.values())
      if (!kept && (storeId === null || storeId === inStore) && tables.vms.get(vmId)?.removed === false)
        counts.set(vmId, (counts.get(vmId) ?? 0) + 1);
    return counts;
  },
  checkpointsElsewhere: async (inStore) =>
    [...tables.checkpoints.values()].filter(
      ({ vmId, state, storeId }) =>
        state === "valid" && storeId !== null && storeId !== inStore && tables.vms.get(vmId)?.removed === false,
    ).length,
  async recordStoreFull(isFull, at) {
    if ((storeFullSinceOf(tables) !== null) === isFull) return;
    const fullSince = isFull ? at : null;
    tables.settings.set("checkpoint-room", { fullSince });
    log.append(at, storeFullWords(isFull), { kind: "checkpoint-store.changed", fullSince });
  },
});
