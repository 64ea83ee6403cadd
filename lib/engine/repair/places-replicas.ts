import { type Replica, replicasInTheWay } from "../../decide/index.ts";
import type { HostId, Vm, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { withPromised } from "../provision/promised.ts";

/** The replicas that this life of Belay has made, and how one gives way. */
export interface StandingBy {
  replicas(): readonly Replica[];
  /** Its memory is needed on its host: it is dropped, and its owner is told so. Ends when it is gone, or could not be dropped now. */
  giveWay(vm: VmId): Promise<void>;
}

const known = new WeakMap<Env, StandingBy>();
export const standsBy = (env: Env, it: StandingBy): void => void known.set(env, it);

/** What replicas take, for a plan. */
export const replicasOf = (env: Env): readonly Replica[] => known.get(env)?.replicas() ?? [];

/**
 * Replicas that are in the way of VMs are dropped: before a VM starts on a host, and whenever things have changed. `as`: where a VM is being
 * taken. `on`: there alone. Gives whether any had to go.
 */
export async function makeRoom(env: Env, as: (vm: Vm) => Vm = (vm) => vm, on?: HostId): Promise<boolean> {
  const standing = known.get(env);
  const isAsked = ({ hostId }: Replica) => on === undefined || hostId === on;
  const replicas = standing?.replicas() ?? [];
  if (standing === undefined || !replicas.some(isAsked)) return false;
  const { store } = env;
  const [policy, hosts, vms, open] = await Promise.all([
    ...([store.policy(), store.hosts(), store.allVms(), store.openAllocations()] as const),
  ]);
  const all = withPromised(vms, open, new Set()).map(as);
  const inTheWay = replicasInTheWay({ policy, hosts, vms: all, replicas }).filter(isAsked);
  await Promise.all(inTheWay.map(({ vmId }) => standing.giveWay(vmId)));
  return inTheWay.length > 0;
}

/** The VM itself comes to the host where its replica stands by: that would be of no use there, and take its memory twice. */
export async function comesItself(env: Env, vm: VmId, to: HostId): Promise<void> {
  const standing = known.get(env);
  if (standing?.replicas().some(({ vmId, hostId }) => vmId === vm && hostId === to)) await standing.giveWay(vm);
}
