import type { Checkpoint, CheckpointStatus, IdSource, VmId } from "../../model/index.ts";

export const saved = (ids: IdSource, vmId: VmId, at: number, more: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ id: ids.next("ckp"), vmId, at, method: "background", state: "valid", generation: 0, runId: 7 },
  ...{ pauseMs: 16.25, tookMs: 431.5, wholeBytes: 5_000_000_000, changedBytes: 12_288, storedBytes: 4_000 },
  ...{ verifiedAt: null, kept: false, words: "QEMU 7.2 on host alpha can do it." },
  ...more,
});

export const protectedSince = (vmId: VmId, lastAt: number, more: Partial<CheckpointStatus> = {}): CheckpointStatus => ({
  ...{ vmId, lastAt, keptEveryMs: 7000, trouble: null, standby: null, costMs: 20, tookMs: 430 },
  offer: { method: "background", words: "QEMU 7.2 on host alpha can do it.", lazy: true },
  ...more,
});
