import { type Allocation, freshVm, type HostId, parseId, type Vm } from "../../model/index.ts";

/** What is asked for as the VM that it will be, for the planner: its place is found by the same rules as any other's. */
export function asVm(allocation: Allocation, hostId: HostId, diskPaths: readonly string[]): Vm | undefined {
  const id = parseId("vm", allocation.id.replace(/^alc_/, "vm_"));
  if (id === undefined) return undefined;
  const { name, uuid, memoryMiB, vcpus, apart, organizationId, applicationId, imageId, address, askedAt } = allocation;
  return {
    ...{ ...freshVm, id, hostId, name, uuid, memoryMiB, vcpus, apart },
    ...{ organizationId, applicationId, imageId, address, wanted: "running", state: "stopped", reason: "none" },
    ...{ stateSince: askedAt, runId: null, persistent: true, consent: "recreate" },
    ...{ answerCheck: { kind: "icmp", address }, diskPaths },
  };
}

/**
 * All VMs, with those that are being made where they are being made: their room is taken before they run. One that is just being written
 * down may not say yet whose it is, and what it is kept apart from. `without`: by UUID, left as they are.
 */
export function withPromised(
  vms: readonly Vm[],
  open: readonly Allocation[],
  without: ReadonlySet<string>,
): readonly Vm[] {
  const making = new Map(
    open.flatMap((it) => (it.state === "making" && !without.has(it.uuid) ? [[it.uuid, it] as const] : [])),
  );
  const promised = [...making.values()].flatMap((it) => {
    const vm = it.hostId === null ? undefined : asVm(it, it.hostId, []);
    return vm === undefined ? [] : [vm];
  });
  return [...vms.filter((it) => !making.has(it.uuid)), ...promised];
}
