import { placeVms } from "../../decide/index.ts";
import { type Allocation, freshVm, type Host, type HostId, type Image, parseId, type Vm } from "../../model/index.ts";
import { filesOf } from "../conversation/image.ts";
import type { Env } from "../env.ts";

/** What is asked for as the VM that it will be, for the planner: its place is found by the same rules as any other's. */
function asVm(allocation: Allocation, hostId: HostId, diskPaths: readonly string[]): Vm | undefined {
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

/** A host for it, or why there is none. Room that was promised to others that are being made counts as taken. */
export async function placeFor(
  { store }: Pick<Env, "store">,
  allocation: Allocation,
  image: Image,
  tried: ReadonlySet<HostId>,
): Promise<{ readonly host: Host } | { readonly refusal: string }> {
  const [policy, hosts, vms, open] = await Promise.all([
    ...([store.policy(), store.hosts(), store.allVms(), store.openAllocations()] as const),
  ]);
  // One that is just being written down may not say yet whose it is, and what it is kept apart from.
  const making = new Map(open.flatMap((it) => (it.state === "making" ? [[it.uuid, it] as const] : [])));
  making.delete(allocation.uuid);
  const promised = [...making.values()].flatMap((it) => {
    const vm = it.hostId === null ? undefined : asVm(it, it.hostId, []);
    return vm === undefined ? [] : [vm];
  });
  // As if it came from a host that sees its image: whoever shares the same directory may carry it.
  const from = hosts.find((host) => directoryOn(host, image) !== undefined);
  if (from === undefined) return { refusal: "No machine shares a directory that holds the image." };
  const vm = asVm(allocation, from.id, filesOf(image));
  if (vm === undefined) return { refusal: "It has no name that a VM could have." };
  const others = vms.filter((it) => it.uuid !== allocation.uuid && !making.has(it.uuid));
  const place = placeVms({ policy, hosts, vms: [...others, ...promised] }, [vm], tried).get(vm.id);
  if (place === undefined) return { refusal: "No place was found for it." };
  // Said of VMs that are on a host already; this one is on none.
  if ("refusal" in place) return { refusal: place.refusal.replace("room for it elsewhere", "room for it") };
  const host = hosts.find((it) => it.id === place.host);
  return host === undefined ? { refusal: "No place was found for it." } : { host };
}

/** The directory that the host shares with others and that holds the image: the VM's disk lies there, so that it may go elsewhere. */
export const directoryOn = (host: Pick<Host, "sharedPaths">, image: Pick<Image, "path">): string | undefined =>
  host.sharedPaths.find((path) => image.path.startsWith(`${path}/`));
