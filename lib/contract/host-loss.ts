import { consentCovers, type HostStanding, type ProtectionMode, techniques } from "../model/index.ts";
import type { CloudView, HostView, VmView } from "./views.ts";

/**
 * Invariant 8 for those who see no hosts: what the state of a VM's host means for the VM, in sentences that name none. The server says it
 * where the whole cloud is known; for providers their page computes the same from the hosts that it has.
 */
export interface FromHost {
  /** What would keep it from coming back if its host died; null: nothing that is known. */
  readonly hostLoss: string | null;
  /** Why nothing is repaired where it runs now; null where it is. */
  readonly onHold: string | null;
}

const holds: Record<HostStanding, string | null> = {
  "in-use": null,
  maintenance: "Its host is in maintenance: nothing is repaired there until that is over.",
  fencing: "Its host failed, and it is made sure that it is off.",
  fenced: "Its host is off.",
  returning: "Its host is back and is examined before anything is repaired there.",
};

export interface HostLossQuestion {
  readonly vm: Pick<VmView, "consent" | "wanted">;
  readonly mode: ProtectionMode;
  /** undefined: it is not known where the VM is. */
  readonly host: Pick<HostView, "standing" | "protection"> | undefined;
  /** Whether the cloud's tolerance says that it would not fit elsewhere. */
  readonly fits: boolean;
}

export function fromHost({ vm, mode, host, fits }: HostLossQuestion): FromHost {
  const onHold = host === undefined ? "It is not known where it is." : holds[host.standing];
  const hostLoss = (): string | null => {
    if (vm.wanted === "stopped") return null; // nobody misses it
    if (mode === "none") return "Its protection is off.";
    if (mode === "customer") return "Its owner repairs it alone, as they chose.";
    if (!consentCovers(vm.consent, techniques.relocate.needsConsent))
      return "Its owner does not allow a start on another host.";
    if (host === undefined) return "It is not known where it is.";
    if (host.standing === "maintenance") return "Its host is in maintenance, and is not repaired against.";
    if (!host.protection.ok) return "Its host could not be proven off, so it could not be started elsewhere.";
    return fits ? null : "No other host has what it needs: room, its disks, or a place beside its group.";
  };
  return { hostLoss: hostLoss(), onHold };
}

/** The VMs of the whole cloud, each with what its host means for it. */
export function withHostLoss({ hosts, applications, vms, tolerance }: CloudView): VmView[] {
  const hostById = new Map(hosts.map((host) => [host.id, host]));
  const modeOf = new Map(applications.map(({ id, mode }) => [id, mode]));
  const misfits = new Set(tolerance.flatMap((it) => it.misfits.map(({ vmId }) => vmId)));
  return vms.map((vm) => ({
    ...vm,
    ...fromHost({
      vm,
      mode: (vm.applicationId === null ? undefined : modeOf.get(vm.applicationId)) ?? "provider",
      host: vm.hostId === null ? undefined : hostById.get(vm.hostId),
      fits: !misfits.has(vm.id),
    }),
  }));
}
