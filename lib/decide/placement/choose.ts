import type { HostId, Vm } from "../../model/index.ts";
import { apartOf, type NoPlace, togetherOf } from "./inventory.ts";
import { type Ledger, mostFree, type Room, unusedMiB } from "./ledger.ts";
import { seesDisks, sharedDisks } from "./storage.ts";

/** What goes to one host or nowhere: one VM, or those of a group that is kept together. */
export interface Unit {
  readonly vms: readonly Vm[];
  readonly memoryMiB: number;
  readonly vcpus: number;
}

export const unitOf = (vms: readonly Vm[]): Unit => ({
  vms,
  memoryMiB: vms.reduce((sum, vm) => sum + vm.memoryMiB, 0),
  vcpus: vms.reduce((sum, vm) => sum + vm.vcpus, 0),
});

type Hindrance = "memory" | "cpus" | "disk" | "apart";

interface Needs extends Unit {
  readonly disks: readonly (readonly string[])[];
  readonly apart: readonly string[];
}

const hindrance = (ledger: Ledger, room: Room, needs: Needs): Hindrance | undefined => {
  if (room.freeMiB < needs.memoryMiB) return "memory";
  if (room.freeCpus < needs.vcpus) return "cpus";
  if (!seesDisks(needs.disks, room.shared)) return "disk";
  return needs.apart.some((group) => ledger.apart.has(group, room.host.id)) ? "apart" : undefined;
};

/** Hosts of one rack may fail together: not into a rack that has one of the same group, and rather not into the one that was lost. */
function rackPenalty(ledger: Ledger, needs: Needs): (room: Room) => number {
  const rackOf = (host: HostId) => ledger.hosts.get(host)?.rack ?? undefined;
  const lost = new Set(needs.vms.map((vm) => rackOf(vm.hostId)));
  const taken = new Set(needs.apart.flatMap((group) => [...ledger.apart.hosts(group)].map(rackOf)));
  return ({ host }) => (host.rack === null ? 0 : (taken.has(host.rack) ? 2 : 0) + (lost.has(host.rack) ? 1 : 0));
}

const size = ({ memoryMiB, vcpus }: Unit) => `${memoryMiB} MiB and ${vcpus} ${vcpus === 1 ? "CPU" : "CPUs"}`;
const shownHosts = 3;

const hindranceWords: Record<Hindrance, (room: Room) => string> = {
  memory: ({ freeMiB }) => `has ${Math.max(0, freeMiB)} MiB free`,
  cpus: ({ freeCpus }) => `has ${Math.max(0, freeCpus)} virtual CPUs free`,
  disk: () => "does not see its disk",
  apart: () => "carries another VM of its group",
};

function refused(ledger: Ledger, needs: Needs, rooms: readonly Room[], exclude: HostId | undefined): NoPlace {
  const among = rooms.slice(0, shownHosts + 1).filter(({ host }) => host.id !== exclude); // the list is long: no look at all of it
  const total = rooms.length - (exclude !== undefined && ledger.room(exclude) !== undefined ? 1 : 0);
  if (among.length === 0) {
    const refusal = "No other host can be given VMs now.";
    return { refusal, detail: "No other host is in use, connected and heard of in time." };
  }
  const found = among.slice(0, shownHosts).map((room) => ({ room, why: hindrance(ledger, room, needs) ?? "memory" }));
  const words = found.map(({ room, why }) => `${room.host.name} ${hindranceWords[why](room)}`);
  const more = total - found.length;
  const rest = more === 0 ? "" : `, and ${more} more ${more === 1 ? "does" : "do"} not fit either`;
  const bundle = needs.vms.length === 1 ? "" : ` for the ${needs.vms.length} VMs that are kept together`;
  const kept = found.some(({ why }) => why === "apart") ? " Its group is kept on different hosts." : "";
  return {
    refusal: `There is no room for it elsewhere: it needs ${size(needs)}${bundle}.${kept}`,
    detail: `It needs ${size(needs)}${bundle}; ${words.join(", ")}${rest}.`,
  };
}

const both = (words: string): NoPlace => ({ refusal: words, detail: words });

/** Where the VMs that are kept together with these already are; undefined where nothing binds them. */
function bound(ledger: Ledger, unit: Unit): readonly HostId[] | undefined {
  const group = unit.vms[0] === undefined ? undefined : togetherOf(unit.vms[0]);
  if (group === undefined) return undefined;
  const hosts = [...ledger.together.hosts(group)];
  return hosts.length === 0 ? undefined : hosts;
}

/** Beyond all that racks count for: a replica is given up only where there is no room beside replicas. */
const replicaPenalty = 10;

/**
 * The best host for a unit, or why there is none. One where no replica has to give way before others, racks then, then the most free memory.
 * Books nothing.
 */
export function choose(ledger: Ledger, unit: Unit, exclude?: HostId): { readonly room: Room } | NoPlace {
  const apart = unit.vms.flatMap((vm) => apartOf(vm) ?? []);
  const disks = unit.vms.flatMap((vm) => sharedDisks(vm, ledger.hosts.get(vm.hostId)));
  const needs: Needs = { ...unit, apart, disks };
  if (disks.some((directories) => directories.length === 0))
    return both("Its disk lies on its own host alone: no shared directory holds it.");
  if (new Set(apart).size < apart.length)
    return both("It is to be kept on one host with a VM that it is also to be kept apart from.");

  const hosts = bound(ledger, unit);
  const among =
    hosts === undefined
      ? ledger.rooms()
      : hosts.flatMap((host) => (host === exclude ? [] : (ledger.room(host) ?? []))).sort(mostFree);
  if (hosts !== undefined && among.length === 0)
    return both("It is kept together with VMs whose host cannot be given more VMs now.");

  const penalty = rackPenalty(ledger, needs);
  const lacks = (room: Room) =>
    unusedMiB(room) + unit.vms.reduce((sum, vm) => sum + ledger.replicaMiB(vm, room), 0) < needs.memoryMiB;
  let best: { readonly room: Room; readonly penalty: number } | undefined;
  for (const room of among) {
    // The others have less: but replicas could give way there, or the VM's own stands by there.
    if (hosts === undefined && !ledger.hasReplicas && room.freeMiB < needs.memoryMiB) break;
    if (room.host.id === exclude || hindrance(ledger, room, needs) !== undefined) continue;
    const found = penalty(room) + (lacks(room) ? replicaPenalty : 0);
    if (best === undefined || found < best.penalty) best = { room, penalty: found };
    if (found === 0) break;
  }
  return best ?? refused(ledger, needs, among, hosts === undefined ? exclude : undefined);
}
