import type { CheckpointWish } from "../../../engine/ports.ts";
import {
  type Checkpoint,
  type CheckpointStatus,
  captureMethodNames,
  type IdSource,
  type Viewer,
} from "../../../model/index.ts";
import type { Random } from "../../random.ts";
import type { Call, Store } from "./twins.ts";

interface Hands {
  readonly random: Random;
  readonly ids: IdSource;
  readonly by: Viewer;
  /** The twin that is asked what there is to call about. */
  readonly known: Store;
  any<T>(list: readonly T[]): T | undefined;
}

/** Draws the calls that are about saved states: sensible often enough to get somewhere, and wrong often enough to be refused. */
export function checkpointCalls({ random, ids, by, known, any }: Hands) {
  const pick = random.pick;
  let keys = 0;
  /** The last call for a saved state, to be made twice. */
  let called: { readonly checkpoint: Checkpoint["id"]; readonly at: number } | undefined;

  return async (now: number): Promise<Record<string, Call>> => {
    const vm = any(await known.service.vms())?.id ?? ids.next("vm");
    const other = any(await known.service.vms())?.id ?? ids.next("vm");
    const application = any(await known.service.applications())?.id ?? ids.next("app");
    const organizationId = any(await known.service.organizations())?.id ?? ids.next("org");
    const own = await known.engine.checkpointsOf(vm);
    const fresh = ids.next("ckp");
    const some = any(own)?.id ?? fresh;
    const yes = random.chance(0.5);
    const store = yes ? "store-a" : now % 2 === 0 ? "store-b" : undefined;
    const words = `So ${pick(["a", "b"])}.`;
    const checkpoint: Checkpoint = {
      ...{
        id: random.chance(0.9) ? fresh : some,
        vmId: vm,
        at: now - pick([10, 20]),
        method: pick(captureMethodNames),
      },
      ...{ state: "valid", generation: 0, runId: 2, pauseMs: random.between(0, 5000) / 1000, tookMs: 431.25 },
      ...{ wholeBytes: 5_000_000_000, changedBytes: random.between(0, 9_000_000), storedBytes: 17 },
      ...{ verifiedAt: yes ? now : null, kept: random.chance(0.2), words },
    };
    const status: CheckpointStatus = {
      ...{ vmId: vm, lastAt: pick([null, now, now]), keptEveryMs: pick([null, 7000, 7001.5]) },
      offer: pick([
        null,
        { method: "background", words: "It works.", lazy: true },
        { method: null, words: "QEMU is too old.", lazy: false },
      ] as const),
      trouble: pick([null, null, "A capture takes longer than the interval."]),
      standby: pick([null, null, { ready: yes, words }]),
      ...{ costMs: pick([null, 12.5]), tookMs: pick([null, 400]) },
    };
    const before = (await known.engine.checkpointStatuses()).get(vm);
    const newer = before && { ...before, lastAt: now, tookMs: random.between(0, 900) };
    const wish: CheckpointWish = pick([
      { kind: "capture" },
      { kind: "restore", checkpoint: some },
      { kind: "restore-beside", checkpoint: some, name: pick(["look", "see"]) },
    ]);
    const key = random.chance(0.7) ? `wish-${keys++}` : pick(["wish-0", "wish-1", "key-0"]);
    const pending = any(await known.engine.pendingWishes())?.id ?? ids.next("int");
    const again = called;
    const choice = pick([
      { checkpointEveryMs: pick([null, 0, 1000, 7000]) },
      { standby: yes },
      { checkpointGroup: pick([null, "mpi"]), checkpointEveryMs: 9000 },
    ]);
    const interval = pick([null, 5000, 60_000]);
    const repairs = (await known.service.incidents({ limit: 20 })).flatMap((it) => it.repairs);
    const repair =
      any(repairs.filter((it) => it.technique === "assisted-restart"))?.id ?? any(repairs)?.id ?? ids.next("rep");

    return {
      recordCheckpoint: ({ engine }) => engine.recordCheckpoint(checkpoint, now, store),
      recordCheckpointToo: ({ engine }) => engine.recordCheckpoint(checkpoint, now, store),
      recordVerified: ({ engine }) => engine.recordVerified(some, { ok: yes, words }, now),
      recordStored: ({ engine }) => engine.recordStored([some, fresh], yes ? "store-a" : "store-b"),
      removeCheckpoints: ({ engine }) => engine.removeCheckpoints(yes ? [some] : own.slice(4).map((it) => it.id), now),
      removeAged: ({ engine }) => engine.removeCheckpoints([...own.slice(1).map((it) => it.id), fresh], now, "kept"),
      keepAsked: ({ engine }) => engine.keepAsked(some),
      checkpointCounts: ({ engine }) => engine.checkpointCounts("store-a"),
      checkpointsElsewhere: ({ engine }) => engine.checkpointsElsewhere("store-a"),
      recordStoreFull: ({ engine }) => engine.recordStoreFull(yes, now),
      checkpointsOf: async ({ engine }) => [
        ...(await engine.checkpointsOf(vm)),
        ...(await engine.checkpointsOf(vm, "store-a")),
      ],
      checkpointsOfRemoved: ({ engine }) => engine.checkpointsOfRemoved(now - 1000),
      recordCheckpointStatus: ({ engine }) => engine.recordCheckpointStatus(status, now),
      recordNewerStatus: ({ engine }) => engine.recordCheckpointStatus(newer ?? status, now),
      recordNewerStatusToo: ({ engine }) => engine.recordCheckpointStatus(newer ?? status, now),
      checkpointStatuses: ({ engine }) => engine.checkpointStatuses(),
      checkpointIntervals: ({ engine }) => engine.checkpointIntervals(),
      checkpointIntervalsOf: ({ engine }) => engine.checkpointIntervals(vm),
      pendingWishes: ({ engine }) => engine.pendingWishes(),
      beginWish: ({ engine }) => engine.beginWish(pending, now),
      endWish: ({ engine }) => engine.endWish(pending, { ok: yes, words }, now),
      openCalledRestore: ({ engine }) => {
        called = { checkpoint: some, at: now };
        return engine.openCalledRestore(vm, some, "Ada", now);
      },
      openCalledRestoreAgain: ({ engine }) =>
        engine.openCalledRestore(vm, again?.checkpoint ?? some, "Ada", again?.at ?? now),
      calledCheckpoint: ({ engine }) => engine.calledCheckpoint(repair),
      recordBeside: ({ engine }) => engine.recordBeside(vm, other, now),
      checkpoints: ({ service }) => service.checkpoints({ vmId: vm, limit: 3 }),
      checkpointsOfOwner: ({ service }) => service.checkpoints({ vmId: vm, limit: 5, organizationId }),
      checkpoint: ({ service }) => service.checkpoint(some),
      recordWish: ({ service }) => service.recordWish({ vmId: vm, wish, key }, by, now),
      recordWishToo: ({ service }) => service.recordWish({ vmId: vm, wish, key }, by, now),
      wishByKey: ({ service }) => service.intentByKey(key),
      wishOutcome: ({ service }) => service.intentOutcome(pending),
      keepCheckpoint: ({ service }) => service.keepCheckpoint(some, yes, by, now),
      failuresSince: ({ service }) => service.failuresSince(vm, now - 400_000),
      organizationOf: ({ service }) => service.organizationOf(vm),
      changeSaving: ({ service }) => service.changeVm(vm, choice, by, now),
      changeApplicationSaving: ({ service }) =>
        service.changeApplication(application, { checkpointEveryMs: interval }, by, now),
    };
  };
}
