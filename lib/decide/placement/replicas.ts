import type { Vm, VmId } from "../../model/index.ts";
import { type Inventory, mayCarry, type NoPlace, type Placement, type Replica, takesRoom } from "./inventory.ts";
import { Ledger, unusedMiB } from "./ledger.ts";
import { placeVms } from "./place.ts";

const nowhere: NoPlace = {
  refusal: "No other host has room for one beside the VMs that run.",
  detail: "A replica takes only what VMs and other replicas leave.",
};

/**
 * Where a replica of the VM may stand by: where the VM itself would be started if its host were lost now, as long as nothing has to give way
 * there.
 */
export function placeReplica(inventory: Inventory, vm: Vm): Placement {
  const place = placeVms(inventory, [vm], new Set([vm.hostId])).get(vm.id);
  if (place === undefined || "refusal" in place) return place ?? nowhere;
  const ledger = new Ledger(inventory, new Set([vm.id]), new Set([vm.hostId]));
  const room = ledger.room(place.host);
  return room !== undefined && unusedMiB(room) + ledger.replicaMiB(vm, room) >= vm.memoryMiB ? place : nowhere;
}

/**
 * Replicas for which there is no room beside the VMs of their hosts: these have to give way. Of a VM whose host is well before one that may be
 * needed any moment; then of the least important VM; then the largest, so that few do.
 */
export function replicasInTheWay(inventory: Inventory): Replica[] {
  const { hosts, vms, replicas = [] } = inventory;
  if (replicas.length === 0) return [];
  const ledger = new Ledger(inventory, new Set(), new Set());
  const vmOf = new Map<VmId, Vm>(vms.map((vm) => [vm.id, vm]));
  const well = new Set(hosts.filter(mayCarry).map(({ id }) => id));
  const missed = ({ vmId }: Replica): readonly [number, number] => {
    const vm = vmOf.get(vmId);
    return vm === undefined ? [0, 0] : [well.has(vm.hostId) ? 0 : 1, vm.priority];
  };
  const leastMissed = (a: Replica, b: Replica): number => {
    const [[aNeeded, aPriority], [bNeeded, bPriority]] = [missed(a), missed(b)];
    return aNeeded - bNeeded || aPriority - bPriority || b.memoryMiB - a.memoryMiB || (a.vmId < b.vmId ? -1 : 1);
  };
  const isThere = (replica: Replica): boolean => {
    const vm = vmOf.get(replica.vmId);
    return vm !== undefined && takesRoom(vm) && [vm.hostId, vm.movingTo].includes(replica.hostId);
  };
  return ledger.rooms().flatMap((room) => {
    let lackingMiB = -unusedMiB(room);
    const there = replicas.filter((replica) => replica.hostId === room.host.id && !isThere(replica));
    return there.sort(leastMissed).filter(({ memoryMiB }) => {
      if (lackingMiB <= 0) return false;
      lackingMiB -= memoryMiB;
      return true;
    });
  });
}
