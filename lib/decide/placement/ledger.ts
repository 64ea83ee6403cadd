import type { Host, HostId, Vm, VmId } from "../../model/index.ts";
import { apartOf, type Inventory, mayCarry, type Replica, takesRoom, togetherOf } from "./inventory.ts";

/** What is left on one host that may carry VMs. */
export interface Room {
  readonly host: Host;
  readonly shared: ReadonlySet<string>;
  /** Beside the VMs. Replicas give way to a VM, so what they take is free to it. */
  freeMiB: number;
  /** Taken by replicas of VMs that are not on this host: of one that is, the replica has become its memory, or is of no use. */
  replicasMiB: number;
  freeCpus: number;
}

/** What is left beside VMs and replicas; below 0 where replicas are in the way. */
export const unusedMiB = ({ freeMiB, replicasMiB }: Room): number => freeMiB - replicasMiB;

/** The most free memory first, then the most CPUs; the id makes it the same order every time. */
export const mostFree = (a: Room, b: Room): number =>
  unusedMiB(b) - unusedMiB(a) ||
  b.freeCpus - a.freeCpus ||
  (a.host.id < b.host.id ? -1 : a.host.id > b.host.id ? 1 : 0);

type Needs = Pick<Vm, "id" | "memoryMiB" | "vcpus" | "organizationId" | "apart" | "together">;

/** Who of a group is where, by host. */
class Groups {
  readonly #counts = new Map<string, Map<HostId, number>>();

  add(group: string | undefined, host: HostId, by: 1 | -1): void {
    if (group === undefined) return;
    const hosts = this.#counts.get(group) ?? new Map<HostId, number>();
    this.#counts.set(group, hosts);
    const count = (hosts.get(host) ?? 0) + by;
    if (count === 0) hosts.delete(host);
    else hosts.set(host, count);
  }

  has = (group: string, host: HostId): boolean => this.#counts.get(group)?.has(host) ?? false;
  hosts = (group: string): Iterable<HostId> => this.#counts.get(group)?.keys() ?? [];
}

/**
 * The room on every host that may carry VMs, ordered by what is free, with what each booking changes. Bookings can be taken back,
 * so that "what if" is asked of one ledger many times.
 */
export class Ledger {
  readonly hosts: ReadonlyMap<HostId, Host>;
  readonly apart = new Groups();
  readonly together = new Groups();
  readonly #rooms = new Map<HostId, Room>();
  readonly #replicas = new Map<VmId, Replica>();
  readonly #order: Room[];

  /** VMs of `without` and hosts of `exclude` are left out, as if they were gone. */
  constructor(inventory: Inventory, without: ReadonlySet<string>, exclude: ReadonlySet<HostId>) {
    const { policy, hosts, vms } = inventory;
    this.hosts = new Map(hosts.map((host) => [host.id, host]));
    const sharing = new Map<string, ReadonlySet<string>>();
    for (const host of hosts) {
      if (exclude.has(host.id) || !mayCarry(host)) continue;
      const key = host.sharedPaths.join("\n");
      const shared = sharing.get(key) ?? new Set(host.sharedPaths);
      sharing.set(key, shared);
      this.#rooms.set(host.id, {
        host,
        shared,
        freeMiB: Math.floor(((host.memoryMiB ?? 0) - policy.reserveMiB) * policy.memoryOvercommit),
        replicasMiB: 0,
        freeCpus: Math.floor((host.cpus ?? 0) * policy.cpuOvercommit),
      });
    }
    for (const replica of inventory.replicas ?? []) {
      const room = this.#rooms.get(replica.hostId);
      if (room === undefined) continue;
      room.replicasMiB += replica.memoryMiB;
      this.#replicas.set(replica.vmId, replica);
    }
    for (const vm of vms) {
      if (!takesRoom(vm) || without.has(vm.id)) continue;
      for (const at of vm.movingTo === null || vm.movingTo === vm.hostId ? [vm.hostId] : [vm.hostId, vm.movingTo]) {
        if (!exclude.has(at)) this.#count(vm, at, 1);
        const room = this.#rooms.get(at);
        if (room === undefined) continue;
        this.#take(vm, room, 1);
      }
    }
    this.#order = [...this.#rooms.values()].sort(mostFree);
  }

  room = (host: HostId): Room | undefined => this.#rooms.get(host);

  /** Most free first. */
  rooms(): readonly Room[] {
    return this.#order;
  }

  /** What the VM's own replica takes there: where the VM is started from it, that is not taken twice. */
  replicaMiB(vm: Pick<Vm, "id">, { host }: Room): number {
    const replica = this.#replicas.get(vm.id);
    return replica?.hostId === host.id ? replica.memoryMiB : 0;
  }

  get hasReplicas(): boolean {
    return this.#replicas.size > 0;
  }

  book(vm: Needs, host: HostId): void {
    this.#change(vm, host, 1);
  }

  unbook(vm: Needs, host: HostId): void {
    this.#change(vm, host, -1);
  }

  #change(vm: Needs, at: HostId, by: 1 | -1): void {
    this.#count(vm, at, by);
    const room = this.#rooms.get(at);
    if (room === undefined) return;
    this.#order.splice(this.#place(room), 1);
    this.#take(vm, room, by);
    this.#order.splice(this.#place(room), 0, room);
  }

  #take(vm: Needs, room: Room, by: 1 | -1): void {
    room.freeMiB -= by * vm.memoryMiB;
    room.freeCpus -= by * vm.vcpus;
    room.replicasMiB -= by * this.replicaMiB(vm, room);
  }

  #count(vm: Needs, at: HostId, by: 1 | -1): void {
    this.apart.add(apartOf(vm), at, by);
    this.together.add(togetherOf(vm), at, by);
  }

  /** Where the room stands, or belongs, in the order. */
  #place(room: Room): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const there = this.#order[middle];
      if (there !== undefined && mostFree(there, room) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
