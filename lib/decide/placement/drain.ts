import { type HostId, techniques, type Vm, type VmId, vmStates } from "../../model/index.ts";
import { type Inventory, type Placement, takesRoom, togetherOf } from "./inventory.ts";
import { placeVms } from "./place.ts";
import { consentRefusal } from "./relocation.ts";
import { sharedDisks } from "./storage.ts";

export interface DrainPlan {
  readonly moves: readonly { readonly vmId: VmId; readonly host: HostId }[];
  /** VMs that run there, or should, and are not moved; words for the provider. */
  readonly stays: readonly { readonly vmId: VmId; readonly words: string }[];
}

/** Hosts to which a VM could not be moved: it goes elsewhere, or stays. */
export type Tried = ReadonlyMap<VmId, readonly HostId[]>;

function staysBecause(vm: Vm, inventory: Inventory): string | undefined {
  const refusal = consentRefusal(vm.consent, techniques.relocate.needsConsent);
  if (refusal !== undefined) return refusal;
  if (vm.state !== "running") return `Only a VM that runs can be moved while it runs. ${vmStates[vm.state].words}`;
  const from = inventory.hosts.find((host) => host.id === vm.hostId);
  return sharedDisks(vm, from).some((directories) => directories.length === 0)
    ? "Its disk lies on this host alone: no shared directory holds it."
    : undefined;
}

/** What moves off the host by live migration, to where, and what stays and why. VMs that are off, and should be, are not mentioned. */
export function planDrain(inventory: Inventory, hostId: HostId, tried: Tried = new Map()): DrainPlan {
  const there = inventory.vms.filter((vm) => vm.hostId === hostId && takesRoom(vm));
  const stays = new Map<VmId, string>();
  const anchors = new Map<string, string>();
  for (const vm of there) {
    const words = staysBecause(vm, inventory);
    if (words === undefined) continue;
    stays.set(vm.id, words);
    const group = togetherOf(vm);
    if (group !== undefined) anchors.set(group, vm.name);
  }
  for (const vm of there) {
    const anchor = anchors.get(togetherOf(vm) ?? "");
    if (anchor !== undefined && !stays.has(vm.id)) stays.set(vm.id, `It is kept together with ${anchor}, which stays.`);
  }
  const leaving = there.filter((vm) => !stays.has(vm.id));
  const moves: { vmId: VmId; host: HostId }[] = [];
  const take = (vm: Vm, place: Placement | undefined) => {
    if (place !== undefined && "host" in place) moves.push({ vmId: vm.id, host: place.host });
    else stays.set(vm.id, place?.detail ?? "No place was found for it.");
  };
  const first = leaving.filter((vm) => !tried.has(vm.id));
  const places = placeVms(inventory, first, new Set([hostId]));
  for (const vm of first) take(vm, places.get(vm.id));
  for (const vm of leaving) {
    const hosts = tried.get(vm.id);
    if (hosts === undefined) continue;
    const going = new Map(moves.map((move) => [move.vmId, move.host]));
    const vms = inventory.vms.map((it) => ({ ...it, movingTo: going.get(it.id) ?? it.movingTo }));
    take(vm, placeVms({ ...inventory, vms }, [vm], new Set([hostId, ...hosts])).get(vm.id));
  }
  return { moves, stays: [...stays].map(([vmId, words]) => ({ vmId, words })) };
}
