import type { CloudView, HostView } from "../contract/index.ts";
import { vmStates } from "../model/index.ts";

export interface Capacity {
  readonly usedMiB: number;
  readonly totalMiB: number;
  readonly usedCpus: number;
  readonly totalCpus: number;
}

/** What a host's VMs take of what the planner may give (lib/decide): VMs that run, or should, there or on their way there. */
export function capacityOf(cloud: Pick<CloudView, "vms" | "policy">, host: HostView): Capacity | undefined {
  const { policy } = cloud;
  if (policy === null || host.memoryMiB === null || host.cpus === null) return undefined;
  const there = cloud.vms.filter(
    (vm) => (vm.hostId === host.id || vm.movingTo === host.id) && (vm.wanted === "running" || vmStates[vm.state].alive),
  );
  return {
    usedMiB: there.reduce((sum, vm) => sum + vm.memoryMiB, 0),
    totalMiB: Math.max(0, Math.floor((host.memoryMiB - policy.reserveMiB) * policy.memoryOvercommit)),
    usedCpus: there.reduce((sum, vm) => sum + vm.vcpus, 0),
    totalCpus: Math.floor(host.cpus * policy.cpuOvercommit),
  };
}
