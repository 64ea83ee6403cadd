import { type CloudPolicy, type Host, type HostId, hostStandings, type Vm, vmStates } from "../../model/index.ts";

/** Enough of the cloud to say what runs where and what still fits. */
export interface Inventory {
  readonly policy: Pick<CloudPolicy, "cpuOvercommit" | "memoryOvercommit" | "reserveMiB" | "tolerateHosts">;
  readonly hosts: readonly Host[];
  readonly vms: readonly Vm[];
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
