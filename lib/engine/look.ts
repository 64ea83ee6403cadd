import { decideVm, isHeldByCapture, type VmDecision, type VmMemory } from "../decide/index.ts";
import type { Host, Vm, VmId } from "../model/index.ts";
import { isBeingCaptured } from "./checkpoints/in-hand.ts";
import type { Env } from "./env.ts";
import { evidenceOf } from "./evidence.ts";
import { failVm, isWorthALook } from "./fail-vm.ts";
import type { GuestWatch } from "./guest-watch.ts";
import type { Heard } from "./inbox.ts";
import type { DomainSight, EngineStore } from "./ports.ts";
import { timeOfDay } from "./time-of-day.ts";

/** What the engine keeps of one VM while it watches its host. */
export interface Watched {
  vm: Vm;
  memory: VmMemory | undefined;
  /** True while the VM has an incident that has not ended, as far as this engine knows. */
  troubled: boolean;
  /** Its host is in use again: an incident that was only told is looked at anew. `maybe`: it was so when this life of Belay began. */
  anew: boolean | "maybe";
  /** Look again then, though nothing may come: on the clock that is never set, as every wait. */
  lookAt: number | undefined;
}

/** Where a look happens, and who has to hear of it. */
export interface Around {
  readonly host: Host;
  readonly guests: GuestWatch;
  /** Its open incident is of its owner's servers: that the VM is well does not end it. */
  readonly ofApplication: (vm: VmId) => boolean;
  /** The VM itself failed: that incident is over. */
  readonly vmFailed: (vm: VmId) => Promise<void>;
  /** What fits where may have changed. */
  readonly changed: () => void;
  /** Look at this VM again: its guest had something to say. */
  readonly again: (uuid: string) => void;
}

const asSeen = (vm: Vm, sight: DomainSight | undefined) =>
  sight === undefined
    ? {
        state: "missing" as const,
        reason: "none" as const,
        runId: null,
        persistent: vm.persistent,
        memoryMiB: vm.memoryMiB,
        vcpus: vm.vcpus,
      }
    : {
        state: sight.state,
        reason: sight.reason,
        runId: sight.runId,
        persistent: sight.persistent,
        memoryMiB: sight.memoryMiB,
        vcpus: sight.vcpus,
      };

const differs = (vm: Vm, seen: ReturnType<typeof asSeen>) =>
  vm.state !== seen.state ||
  vm.reason !== seen.reason ||
  vm.runId !== seen.runId ||
  vm.persistent !== seen.persistent ||
  vm.memoryMiB !== seen.memoryMiB ||
  vm.vcpus !== seen.vcpus;

/** Whether the VM's last incident is one that a repair of ours is working on: what happens then is our own doing. */
export async function underRepair(
  env: { readonly store: Pick<EngineStore, "openIncidentsOf"> },
  vm: Vm,
): Promise<boolean> {
  const state = (await env.store.openIncidentsOf(vm.hostId)).get(vm.id);
  return state === "open" || state === "repairing";
}

/** Whether an incident that was handed over is over. A VM that should run is back when it answers: to run is not enough. */
const isOver = async (env: Env, { guests, ofApplication }: Around, vm: Vm): Promise<boolean> =>
  !ofApplication(vm.id) &&
  (vm.wanted === "stopped" || guests.answers(vm.id) !== undefined) &&
  !(await underRepair(env, vm));

/** What was decided, of a VM that failed. Its incident is written once; where the plan is to wait, it is looked at again. */
async function fail(
  env: Env,
  around: Around,
  watched: Watched,
  decision: VmDecision,
  heard: Heard | undefined,
  sight: DomainSight | undefined,
): Promise<void> {
  const { store, clock } = env;
  const { verdict } = decision;
  if (verdict.kind !== "failed") return;
  const { vm } = watched;
  const host = (await store.host(vm.hostId)) ?? around.host; // what people do with it may have changed since it was read
  const definitionKnown = sight !== undefined || vm.persistent || (await store.definitionKnown(vm.id));
  if (around.ofApplication(vm.id)) {
    await around.vmFailed(vm.id);
    watched.troubled = false;
  }
  if (watched.troubled) {
    const state = (await store.openIncidentsOf(vm.hostId)).get(vm.id);
    const anew =
      watched.anew === "maybe" ? isWorthALook(env, host, vm, { verdict, decision }, definitionKnown) : watched.anew;
    if (state === "handed-over" && host.standing === "in-use" && (await anew))
      await store.clearIncident(vm.id, `${vm.name} is looked at anew: its host is in use again.`, clock.now());
    else if (state !== undefined) {
      if (watched.anew === "maybe") watched.anew = false;
      return;
    }
  }
  watched.anew = false;
  const last = around.guests.lastAnswer(vm.id);
  const answeredAt = last === undefined ? undefined : timeOfDay(clock, last);
  const evidence = evidenceOf(decision, heard, sight, answeredAt, clock.now());
  const wait = await failVm(env, host, vm, { verdict, decision, evidence }, definitionKnown);
  if (wait === undefined) watched.troubled = true;
  else watched.lookAt = wait.notBefore;
}

/**
 * One look at one VM: what was read is written down, and what follows from it is begun. Everything here may be done
 * twice: the store refuses a second incident, and the runner a second run. Gives false for a VM that is not this host's any more.
 */
export async function look(
  env: Env,
  around: Around,
  watched: Watched,
  sight: DomainSight | undefined,
  heard: Heard | undefined,
): Promise<boolean> {
  const { store, clock } = env;
  const { guests } = around;
  if (isHeldByCapture(sight) && isBeingCaptured(env, watched.vm.id, sight?.state === "stopped")) return true;
  const now = clock.now();
  const nowMs = clock.monotonicMs(); // patience is measured where nobody sets the time
  const decide = () => {
    const answeredAt = guests.lastAnswer(watched.vm.id);
    const guest = answeredAt === undefined ? undefined : { verdict: guests.verdict(watched.vm.id), answeredAt };
    const { vm, memory } = watched;
    return decideVm({ vm, sight, said: heard?.said ?? [], heardAt: heard?.sinceMs, memory, guest }, nowMs);
  };
  let decision = decide();
  const news =
    decision.verdict.kind === "failed" || decision.wish !== undefined || differs(watched.vm, asSeen(watched.vm, sight));
  if (news || watched.vm.movingTo !== null) {
    // Before anything follows from it: it may have been moved, or its owner may wish something else by now.
    const fresh = await store.vm(watched.vm.id);
    if (fresh === undefined || fresh.hostId !== around.host.id) {
      if (fresh === undefined) guests.leave(watched.vm.id);
      return false;
    }
    watched.vm = fresh;
    if (fresh.movingTo !== null) {
      guests.leave(fresh.id);
      watched.memory = undefined;
      watched.lookAt = undefined;
      return true; // it is on its way, and belongs to who moves it
    }
    decision = decide();
  }
  watched.memory = decision.memory;
  watched.lookAt = decision.verdict.kind === "wait" ? decision.verdict.until : undefined;

  // The wish before the state: once the state is known, the same stop is no wish any more.
  if (
    decision.wish !== undefined &&
    decision.wish.wanted !== watched.vm.wanted &&
    !(await underRepair(env, watched.vm))
  ) {
    watched.vm = await store.recordWanted(watched.vm.id, decision.wish.wanted, decision.wish.words, now);
    around.changed();
  }
  const seen = asSeen(watched.vm, sight);
  if (differs(watched.vm, seen)) {
    watched.vm = await store.recordVm(watched.vm.id, seen, now);
    around.changed();
  }
  if (decision.verdict.kind === "failed") {
    await fail(env, around, watched, decision, heard, sight);
  } else if (watched.troubled && decision.verdict.kind !== "wait" && (await isOver(env, around, watched.vm))) {
    await store.clearIncident(watched.vm.id, `${watched.vm.name} is as its owner wants it again.`, now);
    watched.troubled = false;
  }
  const { vm } = watched;
  if (vm.state === "running") guests.attend(vm, watched.troubled, around.again);
  else guests.leave(vm.id);
  return true;
}

/** `first`: Belay begins. */
export const startWatching = (vm: Vm, troubled: ReadonlySet<VmId>, first: boolean): Watched => ({
  vm,
  memory: undefined,
  troubled: troubled.has(vm.id),
  anew: first && troubled.has(vm.id) ? "maybe" : false,
  lookAt: undefined,
});
