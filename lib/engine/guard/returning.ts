import type { Host } from "../../model/index.ts";
import type { Env } from "../env.ts";

/**
 * Examines a host that was proven off and is back, before it is used: of each VM that was started elsewhere meanwhile the older copy
 * is removed here, and never the newer one. Done again from the start when it breaks off in the middle. Gives what was done.
 */
export async function examine(env: Env, host: Host): Promise<string> {
  const { store, hypervisor, log } = env;
  const copies = await hypervisor.copiesOn(host.id);
  const known = new Map((await store.allVms()).map((vm) => [vm.uuid, vm]));
  let removed = 0;
  let kept = 0;
  for (const copy of copies) {
    const vm = known.get(copy.uuid);
    if (vm === undefined || vm.hostId === host.id) continue;
    const { done, words } = await hypervisor.discard(host.id, copy.uuid, vm.generation);
    if (done) removed++;
    else {
      kept++;
      log.warn(`a copy of ${vm.name} on ${host.name} was not removed: ${words}`);
    }
  }
  const stale = removed === 0 ? "No older copy of a VM was there." : `Older copies of ${removed} VMs were removed.`;
  return kept === 0 ? stale : `${stale} ${kept} copies are not older than the VM and were left.`;
}
