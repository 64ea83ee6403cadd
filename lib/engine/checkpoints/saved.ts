import {
  commonInstants,
  groupRefusal,
  newestValid,
  restartLimit,
  type Saved,
  type SavedGroup,
} from "../../decide/index.ts";
import type { CheckpointId, EpochMs, HostId, Incident, Vm, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";

/** Where replicas stand by. */
export interface StandbyFinder {
  /** The host where a replica of just this checkpoint is ready. */
  readyOn(vm: Pick<Vm, "id" | "uuid" | "hostId">, checkpoint: CheckpointId): Promise<HostId | undefined>;
}

/** VMs that are saved, and go back, together with this one: of the same owner and the same group. */
export async function companionsOf(env: Pick<Env, "store">, vm: Vm): Promise<Vm[]> {
  if (vm.checkpointGroup === null) return [];
  return (await env.store.allVms()).filter(
    (it) => it.id !== vm.id && it.checkpointGroup === vm.checkpointGroup && it.organizationId === vm.organizationId,
  );
}

const notItsOwn: readonly Incident["cause"][] = ["host-lost", "called-restore", "group-failed"];
/** Repairs of other incidents say nothing of the VM's health, and the store does not count them. */
const isCounted = ({ cause, tpSource }: Incident) => tpSource !== "injected" && !notItsOwn.includes(cause);

/** A failure that nobody works on keeps the group from going back; one of the VM's host is waited for. */
async function isGivenUp({ store }: Pick<Env, "store">, vm: Vm): Promise<boolean> {
  const incident = await store.openIncidentOf(vm.id);
  if (incident?.state !== "handed-over" || incident.layer === "application") return false;
  const standing = (await store.host(vm.hostId))?.standing;
  return incident.partOf === null || (standing !== "fenced" && standing !== "fencing");
}

/** What is known of the VMs that go back with this one. */
async function groupOf(
  env: Env,
  vm: Vm,
  own: SavedGroup["instants"],
  companions: readonly Vm[],
  intervals: ReadonlyMap<VmId, number>,
): Promise<SavedGroup> {
  const members = [vm, ...companions].map((it) => ({ vm: it, everyMs: intervals.get(it.id) }));
  let refusal = groupRefusal(members);
  for (const it of refusal === undefined ? companions : [])
    if (await isGivenUp(env, it)) refusal = "One of its VMs has a failure that was left to people.";
  const theirs: SavedGroup["instants"][] = [];
  for (const it of refusal === undefined ? companions : []) theirs.push(await env.store.checkpointsOf(it.id));
  return { others: companions.length, refusal, instants: commonInstants(own, theirs) };
}

/**
 * What is known of the VM's checkpoints, for a plan; undefined where it is not saved regularly. `lost`: its host is, so replicas elsewhere
 * matter. `within`: the incident whose repair asks: that one does not count as one that was tried before.
 */
export async function savedOf(
  env: Env,
  vm: Vm,
  failedAt: EpochMs,
  {
    lost,
    intervals,
    within,
  }: {
    readonly lost?: StandbyFinder | undefined;
    readonly intervals?: ReadonlyMap<VmId, number>;
    readonly within?: Incident;
  } = {},
): Promise<Saved | undefined> {
  const { store, clock } = env;
  const everyMs = (intervals ?? (await store.checkpointIntervals(vm.id))).get(vm.id);
  if (everyMs === undefined) return undefined;
  const checkpoints = await env.store.checkpointsOf(vm.id);
  const newest = newestValid(checkpoints);
  const since = clock.now() - restartLimit.withinMs;
  const own = within !== undefined && isCounted(within) ? 1 : 0;
  const recentRepairs = Math.max(0, (await store.repairsSince(vm.id, since)) - own);
  let triedAt: EpochMs | null = null;
  for (const { at, state } of recentRepairs === 1 ? checkpoints : []) {
    if (state !== "valid") continue;
    if ((await store.repairsSince(vm.id, Math.max(at, since))) - own < recentRepairs) continue;
    triedAt = at;
    break;
  }
  const ready =
    lost === undefined || newest === undefined || !vm.standby ? undefined : await lost.readyOn(vm, newest.id);
  const standbyReady = ready !== undefined;
  const companions = await companionsOf(env, vm);
  const group =
    companions.length === 0
      ? undefined
      : await groupOf(env, vm, checkpoints, companions, intervals ?? (await store.checkpointIntervals()));
  return { checkpoints, everyMs, failedAt, recentRepairs, triedAt, standbyReady, group };
}
