import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import {
  type CheckpointList,
  type CheckpointView,
  checkpointFor,
  checkpointStatusFor,
  type restoreBesideBody,
} from "../contract/index.ts";
import type { CheckpointWish } from "../engine/ports.ts";
import {
  type Application,
  BelayError,
  type Checkpoint,
  type CheckpointId,
  type CloudPolicy,
  can,
  checkpointCaveats,
  checkpointEveryMsOf,
  type IntentId,
  intervalWords,
  mostKeptCheckpoints,
  type Viewer,
  type Vm,
  type VmId,
  withinCheckpointLimits,
} from "../model/index.ts";
import { found, must } from "./allowed.ts";
import { askerOf } from "./asker.ts";
import type { ServiceDeps } from "./deps.ts";

/** Saved states of VMs: what is there, and what people ask for. The engine does it; each wish is an intent that can be asked about. */
export function checkpointService({ store, clock }: ServiceDeps) {
  const vmOf = async (viewer: Viewer, id: VmId): Promise<Vm> =>
    found("VM", await store.vm(id), (vm) => can.seeVm(viewer, vm));

  /** A checkpoint is seen by whose the VM was and is; to everybody else there is none. */
  async function savedOf(viewer: Viewer, id: CheckpointId): Promise<{ checkpoint: Checkpoint; vm: Vm }> {
    const { checkpoint } = found("checkpoint", await store.checkpoint(id), (it) => can.seeVm(viewer, it));
    const vm = found("checkpoint", await store.vm(checkpoint.vmId), (it) => can.seeVm(viewer, it));
    return { checkpoint, vm };
  }

  const keyOf = (viewer: Viewer, key: string) => `${askerOf(viewer)}:${key}`;

  /** What was recorded under this key: the same request again, after a lost reply, whatever became of the VM since. */
  async function earlier(viewer: Viewer, key: string, vm: Vm, wish: CheckpointWish): Promise<IntentId | undefined> {
    const known = await store.intentByKey(keyOf(viewer, key));
    if (known === undefined) return undefined;
    if (known.vmId === vm.id && isDeepStrictEqual(known.wish, wish)) return known.id;
    throw new BelayError("conflict", "This key was used for another request.", {
      field: "Idempotency-Key",
      cure: "Take a new key for each new request.",
    });
  }

  const record = (viewer: Viewer, key: string, vm: Vm, wish: CheckpointWish): Promise<IntentId> =>
    store.recordWish({ vmId: vm.id, wish, key: keyOf(viewer, key) }, viewer, clock.now());

  async function refuseOneMore(vm: Vm): Promise<void> {
    const kept = (await store.checkpoints({ vmId: vm.id, limit: 1000 })).filter((it) => it.kept);
    if (kept.length >= mostKeptCheckpoints)
      throw new BelayError("conflict", `${kept.length} saved states of ${vm.name} are kept already.`, {
        field: "id",
        cure: "Let one go that is not needed any more.",
      });
  }

  return {
    /** Newest first, at most `limit`, with how the protection by them stands. */
    async checkpoints(viewer: Viewer, id: VmId, limit: number): Promise<CheckpointList> {
      const vm = await vmOf(viewer, id);
      const ownOnly = viewer.role === "customer" ? { organizationId: viewer.organizationId } : {};
      const [checkpoints, statuses, policy, applications] = await Promise.all([
        store.checkpoints({ vmId: vm.id, limit, ...ownOnly }),
        store.checkpointStatuses(),
        store.policy(),
        store.applications(),
      ]);
      const status = statuses.get(vm.id);
      const application = applications.find((it) => it.id === vm.applicationId);
      return {
        checkpoints: checkpoints.map((it) => checkpointFor(viewer, it)),
        status: status === undefined ? null : checkpointStatusFor(viewer, status),
        limits: { leastMs: policy.checkpointLeastMs, mostMs: policy.checkpointMostMs },
        caveats: [...limitCaveats(vm, application, policy), ...checkpointCaveats(vm, application)],
      };
    },

    /** Save it now. What is saved so is kept until a person lets it go. */
    async takeCheckpoint(viewer: Viewer, id: VmId, key: string): Promise<IntentId> {
      const vm = await vmOf(viewer, id);
      const wish: CheckpointWish = { kind: "capture" };
      const known = await earlier(viewer, key, vm, wish);
      if (known !== undefined) return known;
      refuseUnless(can.takeCheckpoint(viewer, vm), "Start the VM first.");
      await refuseOneMore(vm);
      return record(viewer, key, vm, wish);
    },

    /** Goes back to it. The body's `confirm` was asked for by the contract. */
    async restoreCheckpoint(viewer: Viewer, id: CheckpointId, key: string): Promise<IntentId> {
      const { checkpoint, vm } = await savedOf(viewer, id);
      const wish: CheckpointWish = { kind: "restore", checkpoint: checkpoint.id };
      const known = await earlier(viewer, key, vm, wish);
      if (known !== undefined) return known;
      must(can.goBack(viewer, vm), { cure: "Restore it beside the VM instead, to look inside." });
      refuseUnless(can.restoreFrom(checkpoint), "Choose another saved state.");
      return record(viewer, key, vm, wish);
    },

    /** Another VM begins from it, cut off from the network. */
    async restoreBeside(
      viewer: Viewer,
      id: CheckpointId,
      { name, key }: z.infer<typeof restoreBesideBody> & { key: string },
    ): Promise<IntentId> {
      const { checkpoint, vm } = await savedOf(viewer, id);
      const wish: CheckpointWish = { kind: "restore-beside", checkpoint: checkpoint.id, name };
      const known = await earlier(viewer, key, vm, wish);
      if (known !== undefined) return known;
      must(can.restoreBeside(viewer, vm));
      refuseUnless(can.restoreFrom(checkpoint), "Choose another saved state.");
      const seen = (await store.vms()).filter((it) => can.seeVm(viewer, it) === true);
      if (seen.some((it) => it.name.toLowerCase() === name))
        throw new BelayError("conflict", `There is a VM called ${name} already.`, {
          field: "name",
          cure: "Choose another name.",
        });
      return record(viewer, key, vm, wish);
    },

    /** Kept until a person lets it go, or given back to retention. */
    async keepCheckpoint(viewer: Viewer, id: CheckpointId, kept: boolean): Promise<CheckpointView> {
      const { checkpoint, vm } = await savedOf(viewer, id);
      must(can.keepCheckpoint(viewer, vm));
      if (kept && !checkpoint.kept) await refuseOneMore(vm);
      return checkpointFor(viewer, await store.keepCheckpoint(checkpoint.id, kept, viewer, clock.now()));
    },
  };
}

function limitCaveats(vm: Vm, application: Application | undefined, policy: CloudPolicy): string[] {
  const chosen = checkpointEveryMsOf(vm, application);
  const holds = chosen === null ? null : withinCheckpointLimits(chosen, policy);
  return holds === null || holds === chosen
    ? []
    : [`The provider changed what it offers since this was chosen: it is saved every ${intervalWords(holds)}.`];
}

function refuseUnless(answer: true | string, cure: string): void {
  if (answer !== true) throw new BelayError("conflict", answer, { field: "id", cure });
}
