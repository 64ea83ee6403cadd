import { consentCovers, type Host, type HostId, type Tolerance, techniques, type Vm } from "../../model/index.ts";
import { type Inventory, takesRoom } from "./inventory.ts";
import { Ledger } from "./ledger.ts";
import { placeOn } from "./place.ts";

const gone: readonly Host["standing"][] = ["fencing", "fenced"];

/** VMs that an evacuation would start elsewhere. Who does not allow it is not a misfit: the owner chose so. */
const wouldMove = (vm: Vm): boolean =>
  vm.wanted === "running" && consentCovers(vm.consent, techniques.relocate.needsConsent);

/**
 * Which VMs would not come back if one host died now, for every host, one at a time. Where the policy tolerates the loss of n > 1 hosts, each is
 * lost together with the n - 1 others that carry the most, whose VMs are placed first: pessimistic, and quick, for all groups of n hosts
 * are too many to try.
 */
export const toleranceOf = (inventory: Inventory): Tolerance[] => [...toleranceByHost(inventory)].flat();

/** The same, host by host: a large cloud takes a while, and who asks may do something else in between. */
export function* toleranceByHost(inventory: Inventory): Generator<readonly Tolerance[]> {
  const vmsAt = new Map<HostId, Vm[]>();
  const usedMiB = new Map<HostId, number>();
  for (const vm of inventory.vms) {
    if (!takesRoom(vm)) continue;
    const there = vmsAt.get(vm.hostId);
    if (there === undefined) vmsAt.set(vm.hostId, [vm]);
    else there.push(vm);
    usedMiB.set(vm.hostId, (usedMiB.get(vm.hostId) ?? 0) + vm.memoryMiB);
  }
  const hosts = inventory.hosts.filter((host) => !gone.includes(host.standing));
  const fullest = hosts
    .map(({ id }) => id)
    .sort((a, b) => (usedMiB.get(b) ?? 0) - (usedMiB.get(a) ?? 0) || (a < b ? -1 : 1))
    .slice(0, inventory.policy.tolerateHosts);
  interface Left {
    readonly ledger: Ledger;
    /** Where the VMs of the other lost hosts went. */
    readonly went: ReadonlyMap<HostId, readonly Vm[]>;
  }
  const known = new Map<string, Left>();

  /** The cloud after the others are lost too and their VMs found their places. */
  const without = (host: HostId): Left => {
    const others = fullest.filter((id) => id !== host).slice(0, inventory.policy.tolerateHosts - 1);
    const key = others.join(" ");
    const before = known.get(key);
    if (before !== undefined) return before;
    const lost = others.flatMap((id) => vmsAt.get(id) ?? []);
    const ledger = new Ledger(inventory, new Set(lost.map((vm) => vm.id)), new Set(others));
    const places = placeOn(ledger, lost.filter(wouldMove));
    const went = new Map<HostId, Vm[]>();
    for (const vm of lost) {
      const place = places.get(vm.id);
      if (place !== undefined && "host" in place) went.set(place.host, [...(went.get(place.host) ?? []), vm]);
    }
    const left = { ledger, went };
    known.set(key, left);
    return left;
  };

  for (const { id } of hosts) {
    const own = vmsAt.get(id) ?? [];
    const lost = own.filter(wouldMove);
    if (lost.length === 0) continue;
    const { ledger, went } = without(id);
    const guests = went.get(id) ?? [];
    for (const vm of [...own, ...guests]) ledger.unbook(vm, id);
    const guestPlaces = placeOn(ledger, guests, id);
    const places = placeOn(ledger, lost, id);
    const misfits = lost.flatMap((vm) => {
      const place = places.get(vm.id);
      return place !== undefined && "detail" in place ? [{ vmId: vm.id, words: place.detail }] : [];
    });
    // Back to how it was, for the next host.
    for (const vm of [...guests, ...lost]) {
      const place = places.get(vm.id) ?? guestPlaces.get(vm.id);
      if (place !== undefined && "host" in place) ledger.unbook(vm, place.host);
    }
    for (const vm of [...own, ...guests]) ledger.book(vm, id);
    yield misfits.length === 0 ? [] : [{ hostId: id, misfits }];
  }
}
