/** The database's side of what is kept of saved states, and of whether there is room for more. Each method is one transaction. */
import type { CheckpointId, EpochMs, VmId } from "../../model/index.ts";
import type { StoreStanding } from "./checkpoints.ts";

export interface RetentionStore {
  /** A person asked for it: it is kept until somebody lets it go. One that is not there is left alone. */
  keepAsked(checkpoint: CheckpointId): Promise<void>;
  /** How many each VM has in this store, or in whichever is there, that no person keeps; nothing of VMs that were removed. */
  checkpointCounts(inStore: StoreStanding["store"]): Promise<ReadonlyMap<VmId, number>>;
  /** How many are shown as ones that can be restored, and were written down in another store than this. */
  checkpointsElsewhere(inStore: StoreStanding["store"]): Promise<number>;
  /** Whether the store of bytes has no room for what is to be saved. Written, and told to the provider, only where it is news. */
  recordStoreFull(isFull: boolean, at: EpochMs): Promise<void>;
}
