import { type Host, type HostId, type Vm, type VmState, vmStates } from "../../model/index.ts";
import { eachOf } from "../guard/limit.ts";
import { within } from "../guard/within.ts";
import type { Clock, EngineStore, Hypervisor } from "../ports.ts";

const askedAtOnce = 16;
/** One host that hangs must not keep a VM from its repair. */
const askWithinMs = 3_000;

/** All that it touches. */
export interface Asks {
  readonly clock: Clock;
  readonly store: Pick<EngineStore, "hosts" | "recordMoved">;
  readonly hypervisor: Pick<Hypervisor, "readDomain">;
}

const canBeAsked = ({ standing, state }: Host) =>
  (standing === "in-use" || standing === "maintenance") && state === "up";

/**
 * The proof that a VM's host is off says nothing of the other hosts, and a person may have moved the VM to one of them past us: before it is started
 * anywhere those that can be asked are asked. `moved`: it runs on one of them, and belongs there now; `clear`: none of them has it; else what
 * keeps us from knowing.
 */
export async function movedByHand(
  { clock, store, hypervisor }: Asks,
  vm: Pick<Vm, "id" | "uuid" | "hostId">,
): Promise<"moved" | "clear" | { readonly trouble: string }> {
  const others = (await store.hosts()).filter((it) => it.id !== vm.hostId && canBeAsked(it));
  const alive: { readonly host: HostId; readonly state: VmState }[] = [];
  await eachOf(others, askedAtOnce, async ({ id }) => {
    // One that does not answer, or refuses, is left out: nothing but its own silence speaks for it.
    const asked = hypervisor.readDomain(id, vm.uuid).catch(() => undefined);
    const sight = await within(clock, askWithinMs, asked, undefined);
    if (sight !== undefined && vmStates[sight.state].alive) alive.push({ host: id, state: sight.state });
  });
  const runs = alive.sort((a, b) => (a.host < b.host ? -1 : 1)).find(({ state }) => state === "running");
  if (runs !== undefined) {
    const words = "It was found running here when its old host had failed: it was moved by hand, and is watched here.";
    await store.recordMoved(vm.id, runs.host, words, clock.now());
    return "moved";
  }
  const [held] = alive;
  if (held === undefined) return "clear";
  return { trouble: `It is ${held.state} on a host to which Belay has not taken it.` };
}
