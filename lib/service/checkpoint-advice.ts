import type { z } from "zod";
import { type CheckpointAdvice, type checkpointAdviceQuery, checkpointStatusFor } from "../contract/index.ts";
import { adviseInterval, typicalCost } from "../decide/index.ts";
import type { CheckpointServiceStore, ServiceStore } from "../engine/ports.ts";
import {
  type ApplicationId,
  BelayError,
  type Checkpoint,
  type CheckpointStatus,
  type CloudPolicy,
  can,
  type Viewer,
  type Vm,
  type VmId,
} from "../model/index.ts";
import { found } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";

type Query = z.infer<typeof checkpointAdviceQuery>;
type Deps = Pick<ServiceDeps, "clock"> & {
  readonly store: Pick<ServiceStore, "vm" | "vms" | "host" | "applications" | "policy"> &
    Pick<CheckpointServiceStore, "checkpoints" | "checkpointStatuses" | "failuresSince">;
};

const day = 24 * 60 * 60_000;
/** Failures before that say little of a VM as it is today. */
const lookBackMs = 90 * day;
/** Of a VM that is watched for a shorter time, one failure would look like one a minute. */
const leastObservedMs = day;
/** The newest checkpoints that storage is reckoned from. */
const lately = 12;

/** Why nothing can be captured is said to customers without the words of the host. */
const statusFor = (viewer: Viewer, status: CheckpointStatus | undefined) =>
  status && checkpointStatusFor(viewer, status);

export function checkpointAdviceService({ store, clock }: Deps) {
  async function adviceOf(
    viewer: Viewer,
    vm: Vm,
    query: Query,
    known: { readonly policy: CloudPolicy; readonly status: CheckpointStatus | undefined },
  ): Promise<CheckpointAdvice> {
    const { policy, status } = known;
    const now = clock.now();
    const since = now - lookBackMs;
    const [host, count, recent] = await Promise.all([
      store.host(vm.hostId),
      store.failuresSince(vm.id, since),
      store.checkpoints({ vmId: vm.id, limit: lately }),
    ]);
    const observedMs = Math.max(leastObservedMs, now - Math.max(since, host?.enrolledAt ?? now));
    // What a probe says speaks of the host.
    const {
      costMs = null,
      tookMs = null,
      offer = null,
    } = status === undefined ? {} : checkpointStatusFor(viewer, status);
    const limits = { leastMs: policy.checkpointLeastMs, mostMs: policy.checkpointMostMs };
    const { suggestedEveryMs, suggested, chosen, words } = adviseInterval({
      memoryMiB: vm.memoryMiB,
      method: offer?.method ?? null,
      measured: costMs === null || tookMs === null ? null : { costMs, tookMs },
      failures: { count, observedMs },
      toleratedLossMs: query.tolerateMs ?? null,
      limits,
      stored: storedOf(recent),
      generationsKept: policy.checkpointsKept,
      everyMs: query.everyMs || null,
    });
    const impossible = offer !== null && offer.method === null ? offer.words : null;
    return {
      vmId: vm.id,
      suggestedEveryMs,
      suggested,
      chosen,
      impossible,
      wholeBytes: recent[0]?.wholeBytes ?? null,
      words: [...words],
    };
  }

  return {
    async checkpointAdvice(viewer: Viewer, id: VmId, query: Query): Promise<CheckpointAdvice> {
      const vm = found("VM", await store.vm(id), (it) => can.seeVm(viewer, it));
      const [policy, statuses] = await Promise.all([store.policy(), store.checkpointStatuses()]);
      return adviceOf(viewer, vm, query, { policy, status: statusFor(viewer, statuses.get(vm.id)) });
    },

    /** That of the VM which a checkpoint costs most: what is bearable for it is for the others. */
    async applicationCheckpointAdvice(viewer: Viewer, id: ApplicationId, query: Query): Promise<CheckpointAdvice> {
      const application = found(
        "application",
        (await store.applications()).find((it) => it.id === id),
        (it) => can.seeApplication(viewer, it),
      );
      const [all, policy, statuses] = await Promise.all([store.vms(), store.policy(), store.checkpointStatuses()]);
      // VMs that say for themselves do not follow the choice that is made here.
      const own = all.filter((it) => it.applicationId === application.id);
      const followers = own.filter((it) => it.checkpointEveryMs === null);
      const asked = followers.length === 0 ? own : followers;
      const costMs = (vm: Vm) =>
        statuses.get(vm.id)?.costMs ??
        typicalCost(statuses.get(vm.id)?.offer?.method ?? "background", vm.memoryMiB).costMs;
      const [vm] = [...asked].sort((a, b) => costMs(b) - costMs(a) || (a.id < b.id ? -1 : 1));
      if (vm === undefined)
        throw new BelayError("conflict", "This application has no VM yet, so nothing can be advised.", {
          cure: "Give it a VM first.",
        });
      const advice = await adviceOf(viewer, vm, query, { policy, status: statusFor(viewer, statuses.get(vm.id)) });
      return asked.length === 1
        ? advice
        : { ...advice, words: [`Of its ${asked.length} VMs, this is what it means for ${vm.name}.`, ...advice.words] };
    },
  };
}

/** What the newest checkpoints put into the store; the first of all is whole, and is no measure of changes. */
function storedOf(newestFirst: readonly Checkpoint[]) {
  const [newest] = newestFirst;
  const later = newestFirst.slice(0, -1);
  // Where a clock was set back in between nothing is known of how far two lie apart.
  const apartMs = later.map(({ at }, index) => at - (newestFirst[index + 1]?.at ?? at)).filter((ms) => ms > 0);
  if (newest === undefined || apartMs.length === 0) return null;
  return {
    bytesEach: later.reduce((sum, it) => sum + it.storedBytes, 0) / later.length,
    everyMs: apartMs.reduce((sum, ms) => sum + ms, 0) / apartMs.length,
    wholeBytes: newest.wholeBytes,
  };
}
