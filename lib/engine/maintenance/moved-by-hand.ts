import { type Host, type HostId, type Vm, type VmState, vmStates } from "../../model/index.ts";
import { eachOf } from "../guard/limit.ts";
import { within } from "../guard/within.ts";
import type { DomainSight, EngineStore, Hypervisor } from "../ports.ts";
import { type Lists, lastSighting, type Sighting, shownSince } from "../sightings.ts";

const askedAtOnce = 16;
/** One host that hangs must not keep a VM from its repair. */
const askWithinMs = 3_000;
/** What was read of a host longer ago says nothing of where a VM is now. Over two scans. */
const freshForMs = 5_000;

/** All that it touches. */
export interface Asks extends Lists {
  readonly store: Pick<EngineStore, "hosts" | "fenceProof" | "recordMoved">;
  readonly hypervisor: Pick<Hypervisor, "readDomain" | "listDomains">;
}

const canBeAsked = ({ standing, state }: Host) =>
  (standing === "in-use" || standing === "maintenance") && state === "up";

/**
 * Since when nothing can have come from the VM's own host, on the clock that never jumps: since it was proven off, or since it was read without the
 * VM. A host that was read after that, and does not show it, did not get it by a move. Never longer ago than what is fresh: it may have been started
 * by hand since.
 */
async function goneSince({ clock, store }: Asks, vm: Pick<Vm, "uuid" | "hostId">, home: Sighting | undefined) {
  const proof = await store.fenceProof(vm.hostId);
  const now = clock.monotonicMs();
  const freshMs = now - freshForMs;
  if (proof !== undefined) return Math.min(now, Math.max(freshMs, now - (clock.now() - proof.at)));
  return home !== undefined && home.endedMs >= freshMs && !home.domains.has(vm.uuid) ? home.endedMs : now;
}

/** What the host says of it: as it was read just now, else asked anew. It was seen there: where it cannot be asked, that holds. */
async function stateThere({ clock, hypervisor }: Asks, host: HostId, seen: DomainSight, isOfNow: boolean) {
  if (isOfNow) return seen.state;
  const asked = hypervisor.readDomain(host, seen.uuid).then((it) => it?.state);
  return within(
    clock,
    askWithinMs,
    asked.catch(() => seen.state),
    seen.state,
  );
}

/**
 * The proof that a VM's host is off says nothing of the other hosts, and a person may have moved the VM to one of them past us: before it is started
 * anywhere it is looked for on those that can be asked. Their watches have mostly read them already; whoever was not read since the VM left its host is
 * read now, once for all VMs that are looked for. `moved`: it runs on one of them, and belongs there now; `clear`: none of them has it; else what keeps
 * us from knowing.
 */
export async function movedByHand(
  env: Asks,
  vm: Pick<Vm, "id" | "uuid" | "hostId">,
): Promise<"moved" | "clear" | { readonly trouble: string }> {
  const { clock, store } = env;
  const askedMs = clock.monotonicMs();
  const sinceMs = await goneSince(env, vm, lastSighting(env, vm.hostId));
  const others = (await store.hosts()).filter((it) => it.id !== vm.hostId && canBeAsked(it));
  const alive: { readonly host: HostId; readonly state: VmState }[] = [];
  await eachOf(others, askedAtOnce, async ({ id }) => {
    // One that does not answer, or refuses, is left out: nothing but its own silence speaks for it.
    const sighting = await shownSince(env, id, sinceMs);
    const seen = sighting?.domains.get(vm.uuid);
    if (sighting === undefined || seen === undefined) return;
    const state = await stateThere(env, id, seen, sighting.beganMs >= askedMs);
    if (state !== undefined && vmStates[state].alive) alive.push({ host: id, state });
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
