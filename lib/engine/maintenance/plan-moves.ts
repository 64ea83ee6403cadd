import { planDrain, type Tried } from "../../decide/index.ts";
import {
  type HostId,
  type Maintenance,
  type MaintenanceId,
  maintenanceStates,
  type Vm,
  type VmId,
  vmStates,
} from "../../model/index.ts";
import type { Env } from "../env.ts";
import { replicasOf } from "../repair/places-replicas.ts";
import { moveOf } from "./move.ts";

/** A VM that failed to move so often stays, and a person is told why. */
export const triesPerVm = 2;

export interface MovesPlan {
  readonly maintenance: Maintenance;
  /** A person ended it, or something happened to the host: nothing more is begun. */
  readonly over: boolean;
  readonly moves: readonly { readonly vm: Vm; readonly to: HostId }[];
  /** Those that are not moved, and why; their names for people. */
  readonly stays: readonly { readonly vm: Vm; readonly state: "stays" | "failed"; readonly words: string | null }[];
  /** How many VMs of ours run there still. */
  readonly left: number;
}

export const triedElsewhere = ", and is tried once elsewhere";

/** What the one host said is the reason that a person can do something about: it stays to be read. */
export const noOther = (said: string | null | undefined, words: string): string => {
  const why = (said ?? "One host did not take it.").replace(triedElsewhere, "").replace(/[^.]$/, "$&.");
  return `${why} There is no other for it: ${words}`;
};

/** What is to be moved off the host as things are now. Reads everything anew and writes nothing. */
export async function planMoves(env: Env, id: MaintenanceId, tried: Tried): Promise<MovesPlan> {
  const { store } = env;
  const maintenance = await store.maintenance(id);
  const { hostId } = maintenance;
  const host = await store.host(hostId);
  const nothing = { moves: [], stays: [], left: 0 };
  if (maintenanceStates[maintenance.state].ended || host === undefined || host.standing !== "maintenance")
    return { maintenance, over: true, ...nothing };

  const [policy, hosts, all, incidents] = await Promise.all([
    ...([store.policy(), store.hosts(), store.allVms(), store.openIncidentsOf(hostId)] as const),
  ]);
  const vms = all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)); // people read it in this order
  // Nobody can be asked to move anything off a host that is silent: it is waited for.
  const left = vms.filter((vm) => vm.hostId === hostId && (vmStates[vm.state].alive || vm.state === "unknown")).length;
  if (host.state !== "up") return { maintenance, over: false, moves: [], stays: [], left };
  const byId = new Map<VmId, Vm>(vms.map((vm) => [vm.id, vm]));
  const plan = planDrain({ policy, hosts, vms, replicas: replicasOf(env) }, hostId, tried);
  const moves: { vm: Vm; to: HostId }[] = [];
  const stays: MovesPlan["stays"][number][] = [];
  for (const { vmId, words } of plan.stays) {
    const vm = byId.get(vmId);
    const tries = tried.get(vmId)?.length ?? 0;
    if (vm === undefined || tries >= triesPerVm) continue; // it failed, and that is written
    if (tries === 0) stays.push({ vm, state: "stays", words });
    else {
      const known = maintenance.moves.find((move) => move.vmId === vmId);
      stays.push({
        vm,
        state: "failed",
        words: known?.state === "failed" ? known.words : noOther(known?.words, words),
      });
    }
  }
  for (const { vmId, host: to } of plan.moves) {
    const vm = byId.get(vmId);
    if (vm === undefined || (tried.get(vmId)?.length ?? 0) >= triesPerVm) continue;
    const incident = incidents.get(vmId);
    if (incident === "open" || incident === "repairing")
      stays.push({ vm, state: "stays", words: "A repair is at work on it; it is moved when that is done." });
    else moves.push({ vm, to });
  }
  moves.sort((a, b) => b.vm.priority - a.vm.priority || (a.vm.id < b.vm.id ? -1 : 1));
  return { maintenance, over: false, moves, stays, left };
}

/** Shows people the plan: what waits and for where, what stays and why. */
export async function writePlan(env: Env, id: MaintenanceId, plan: MovesPlan): Promise<void> {
  const now = env.clock.now();
  for (const { vm, state, words } of plan.stays) await env.store.recordMove(id, moveOf(vm, { state, words }), now);
  for (const { vm, to } of plan.moves) {
    const known = plan.maintenance.moves.find((move) => move.vmId === vm.id);
    const words = known?.state === "waiting" ? known.words : null;
    await env.store.recordMove(id, moveOf(vm, { toHostId: to, words }), now);
  }
}
