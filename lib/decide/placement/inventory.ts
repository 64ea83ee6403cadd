import {
  type CloudPolicy,
  type Host,
  type HostId,
  hostStandings,
  type Vm,
  type VmId,
  vmStates,
} from "../../model/index.ts";

/** Memory and disks of a VM that stand by on another host. It runs nothing, and gives way to whatever does. */
export interface Replica {
  readonly vmId: VmId;
  readonly hostId: HostId;
  readonly memoryMiB: number;
}

/** Enough of the cloud to say what runs where and what still fits. */
export interface Inventory {
  readonly policy: Pick<CloudPolicy, "cpuOvercommit" | "memoryOvercommit" | "reserveMiB" | "tolerateHosts">;
  readonly hosts: readonly Host[];
  readonly vms: readonly Vm[];
  /** At most one of each VM; left out: none is known. */
  readonly replicas?: readonly Replica[];
}

/** `refusal` may be read by everybody; `detail` names hosts, so it is for the provider alone. */
export interface NoPlace {
  readonly refusal: string;
  readonly detail: string;
}
export type Placement = { readonly host: HostId } | NoPlace;

/** What takes room: a VM that runs, and one that should, since it may be started at any time. */
export const takesRoom = (vm: Pick<Vm, "wanted" | "state">): boolean =>
  vm.wanted === "running" || vmStates[vm.state].alive;

/** Whether the host may be given VMs now. */
export const mayCarry = (host: Host): boolean =>
  hostStandings[host.standing].mayStart &&
  host.state === "up" &&
  host.health === "green" &&
  host.cpus !== null &&
  host.memoryMiB !== null;

/** Groups are their owner's: the same name at two organizations is two groups. */
const groupOf = (vm: Pick<Vm, "organizationId">, name: string | null): string | undefined =>
  name === null ? undefined : `${vm.organizationId ?? ""}/${name}`;

export const apartOf = (vm: Pick<Vm, "organizationId" | "apart">): string | undefined => groupOf(vm, vm.apart);
export const togetherOf = (vm: Pick<Vm, "organizationId" | "together">): string | undefined => groupOf(vm, vm.together);
