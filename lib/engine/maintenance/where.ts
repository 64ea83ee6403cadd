import { type HostId, type Vm, vmStates } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { HostUnreachable } from "../ports.ts";

/** Where a VM is that was being moved: `between` while both hosts hold it, `unknown` while one of them cannot be asked. */
export type Where = "here" | "there" | "between" | "unknown";

/**
 * Asks both hosts; nothing runs on one that is proven off. A VM that neither of them runs belongs to the one that had it. One that does not run yet
 * where it is going to, when the other one is off, is left to the repair of that host.
 */
export async function whereIs(
  { hypervisor, store }: Env,
  vm: Pick<Vm, "uuid">,
  from: HostId,
  to: HostId,
): Promise<Where> {
  const ask = async (host: HostId) => {
    if ((await store.host(host))?.standing === "fenced") return "off";
    try {
      const sight = await hypervisor.readDomain(host, vm.uuid);
      return sight !== undefined && vmStates[sight.state].alive ? sight.state : "gone";
    } catch (error) {
      if (error instanceof HostUnreachable) return "silent";
      throw error;
    }
  };
  const [here, there] = [await ask(from), await ask(to)];
  // A host that was removed is asked no more: what the VM's own host says decides, and what is gone there is looked for by people.
  if (here !== "silent" && here !== "off" && (await store.host(to)) === undefined) return "here";
  if (here === "silent" || there === "silent") return "unknown";
  if (there === "gone" || there === "off") return "here";
  if (here === "off") return there === "running" ? "there" : "unknown";
  return here === "gone" ? "there" : "between";
}
