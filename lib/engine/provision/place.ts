import { placeVms } from "../../decide/index.ts";
import type { Allocation, Host, HostId, Image, Vm } from "../../model/index.ts";
import { filesOf } from "../conversation/image.ts";
import type { Env } from "../env.ts";
import { replicasOf } from "../repair/places-replicas.ts";
import { asVm, withPromised } from "./promised.ts";

/** A host for it, or why there is none. Room that was promised counts as taken: to others that are being made, and (`promised`) to repairs. */
export async function placeFor(
  env: Env,
  allocation: Allocation,
  image: Image,
  tried: ReadonlySet<HostId>,
  promised: (vm: Vm) => Vm,
): Promise<{ readonly host: Host } | { readonly refusal: string }> {
  const { store } = env;
  const [policy, hosts, vms, open] = await Promise.all([
    ...([store.policy(), store.hosts(), store.allVms(), store.openAllocations()] as const),
  ]);
  // As if it came from a host that sees its image: whoever shares the same directory may carry it.
  const from = hosts.find((host) => directoryOn(host, image) !== undefined);
  if (from === undefined) return { refusal: "No machine shares a directory that holds the image." };
  const vm = asVm(allocation, from.id, filesOf(image));
  if (vm === undefined) return { refusal: "It has no name that a VM could have." };
  const others = withPromised(vms, open, new Set([allocation.uuid])).filter((it) => it.uuid !== allocation.uuid);
  const inventory = { policy, hosts, vms: others.map(promised), replicas: replicasOf(env) };
  const place = placeVms(inventory, [vm], tried).get(vm.id);
  if (place === undefined) return { refusal: "No place was found for it." };
  // Said of VMs that are on a host already; this one is on none.
  if ("refusal" in place) return { refusal: place.refusal.replace("room for it elsewhere", "room for it") };
  const host = hosts.find((it) => it.id === place.host);
  return host === undefined ? { refusal: "No place was found for it." } : { host };
}

/** The directory that the host shares with others and that holds the image: the VM's disk lies there, so that it may go elsewhere. */
export const directoryOn = (host: Pick<Host, "sharedPaths">, image: Pick<Image, "path">): string | undefined =>
  host.sharedPaths.find((path) => image.path.startsWith(`${path}/`));
