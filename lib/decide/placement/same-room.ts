import type { Host, Vm } from "../../model/index.ts";
import { type Inventory, mayCarry, type Replica, takesRoom } from "./inventory.ts";

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((text, index) => text === b[index]));

const sameVm = (a: Vm, b: Vm): boolean =>
  a === b ||
  (a.id === b.id &&
    a.hostId === b.hostId &&
    a.movingTo === b.movingTo &&
    takesRoom(a) === takesRoom(b) &&
    a.wanted === b.wanted &&
    a.memoryMiB === b.memoryMiB &&
    a.vcpus === b.vcpus &&
    a.consent === b.consent &&
    a.priority === b.priority &&
    a.organizationId === b.organizationId &&
    a.apart === b.apart &&
    a.together === b.together &&
    a.name === b.name &&
    sameTexts(a.diskPaths, b.diskPaths));

const sameHost = (a: Host, b: Host): boolean =>
  a === b ||
  (a.id === b.id &&
    a.name === b.name &&
    a.standing === b.standing &&
    mayCarry(a) === mayCarry(b) &&
    a.cpus === b.cpus &&
    a.memoryMiB === b.memoryMiB &&
    a.rack === b.rack &&
    sameTexts(a.sharedPaths, b.sharedPaths));

const sameReplica = (a: Replica, b: Replica): boolean =>
  a.vmId === b.vmId && a.hostId === b.hostId && a.memoryMiB === b.memoryMiB;

const everySame = <T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean =>
  a.length === b.length && a.every((it, index) => b[index] !== undefined && same(it, b[index]));

/** Whether what fits where is the same in both: a VM that died and was started again changes nothing of it. Both in the same order. */
export const sameRoom = (a: Inventory, b: Inventory): boolean =>
  a.policy.cpuOvercommit === b.policy.cpuOvercommit &&
  a.policy.memoryOvercommit === b.policy.memoryOvercommit &&
  a.policy.reserveMiB === b.policy.reserveMiB &&
  a.policy.tolerateHosts === b.policy.tolerateHosts &&
  everySame(a.hosts, b.hosts, sameHost) &&
  everySame(a.vms, b.vms, sameVm) &&
  everySame(a.replicas ?? [], b.replicas ?? [], sameReplica);
