import { HostUnreachable, HypervisorRefused } from "../../ports.ts";
import type { OwnDisk } from "../restore/own-disk.ts";
import { vmWork } from "../work.ts";
import type { Run } from "./run.ts";

/** What stays of a VM that was made anew and serves: what it runs from, and what it was made of before. Journalled before the repair ends. */
export const disksToKeep = ({ env, repair, steps }: Run, own: OwnDisk): Promise<readonly string[]> =>
  steps.run("disks to keep", async () => [...(await vmWork(env, repair)).vm.diskPaths, ...own.diskPaths]);

/**
 * The repair has ended well: only now the disks from before these are not needed any more. Best effort: what is left is removed after the next
 * repair that ends well, or with the VM.
 */
export async function dropOlderDisks({ env, repair, steps }: Run, keep: readonly string[]): Promise<void> {
  await steps.run("older disks", async () => {
    const { vm } = await vmWork(env, repair);
    try {
      await env.provisioner.removeOlderDisks(vm.hostId, vm, keep);
    } catch (error) {
      if (!(error instanceof HostUnreachable || error instanceof HypervisorRefused)) throw error;
      env.log.warn(`older disks of ${vm.name} could not be removed: ${error.message}`, { host: vm.hostId });
    }
  });
}
