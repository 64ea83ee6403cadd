import { type Allocation, type HostId, repairStates, type Vm } from "../../model/index.ts";
import { ceaseCapture } from "../checkpoints/in-hand.ts";
import type { Env } from "../env.ts";
import { HostUnreachable, HypervisorRefused } from "../ports.ts";
import { directoryOn } from "./place.ts";

const directoryOf = (file: string | undefined): string | undefined =>
  file?.includes("/") ? file.slice(0, file.lastIndexOf("/")) : undefined;

/** Where its files lie: its disk says so, or the image that it was to be made from. */
async function filesIn({ store }: Env, { imageId }: Allocation, hostId: HostId, vm: Vm | undefined) {
  const [host, image] = await Promise.all([store.host(hostId), store.image(imageId)]);
  const shared = host === undefined || image === undefined ? undefined : directoryOn(host, image);
  return directoryOf(vm?.diskPaths[0]) ?? shared;
}

/**
 * Takes away what was given back: ends it, forgets it, removes its disks. Gives whether it is over; what stands in the way is waited for. What
 * is gone already is no obstacle.
 */
export async function freeVm(env: Env, allocation: Allocation): Promise<boolean> {
  const { store, clock, provisioner, log } = env;
  const { id, uuid, vmId } = allocation;
  const vm = vmId === null ? undefined : await store.vm(vmId);
  const hostId = vm?.hostId ?? allocation.hostId;
  const over = async () => {
    await store.recordFreed(id, vmId, clock.now());
    return true;
  };
  if (hostId === null) return over();
  // A repair that was planned in the same instant would bring back what is taken away here: it sees that the VM is not wanted, and ends.
  const incident = vm === undefined ? undefined : await store.openIncidentOf(vm.id);
  if (incident?.repairs.some((it) => !repairStates[it.state].ended)) return false;
  const host = await store.host(hostId);
  if (host === undefined) return over(); // forgotten with all that it carried
  if (vm !== undefined && (vm.movingTo !== null || !(await ceaseCapture(env, vm.id, 0)))) return false;
  const directory = await filesIn(env, allocation, hostId, vm);
  if (directory === undefined) {
    log.warn(`where the files of ${allocation.name} lie is not known; they are left`, { allocation: id });
    return over();
  }
  try {
    await provisioner.remove(hostId, uuid, directory);
    return await over();
  } catch (error) {
    if (!(error instanceof HostUnreachable || error instanceof HypervisorRefused)) throw error;
    if (error instanceof HypervisorRefused)
      log.warn(`${allocation.name} could not be taken away yet: ${error.message}`, { host: hostId });
    const words = "It is taken away as soon as its machine can be asked.";
    await store.recordAllocation(id, { state: "freeing", words }, clock.now());
    return false;
  }
}
