import { decideVm, isHeldByCapture, type VmDecision, type VmMemory } from "../decide/index.ts";
import type { Host, Vm, VmId } from "../model/index.ts";
import { isBeingCaptured } from "./checkpoints/in-hand.ts";
import type { Env } from "./env.ts";
import { evidenceOf } from "./evidence.ts";
import { failVm, isWorthALook } from "./fail-vm.ts";
import type { GuestWatch } from "./guest-watch.ts";
import type { Heard } from "./inbox.ts";
import { notRunning, type Seen } from "./not-running.ts";
import type { DomainSight, EngineStore } from "./ports.ts";
import { isLeftToPeople } from "./repair/left-to-people.ts";
import { isOffByHand } from "./repair/off-by-hand.ts";
import { isUntouched } from "./repair/touched.ts";
import { timeOfDay } from "./time-of-day.ts";

/** What the engine keeps of one VM while it watches its host. */
export interface Watched {
  vm: Vm;
  memory: VmMemory | undefined;
  /** True while the VM has an incident that has not ended, as far as this engine knows. */
  troubled: boolean;
  /** Its host is in use again: an incident that was only told is looked at anew. When this life of Belay began, only one that it could repair. */
  anew: "no" | "yes" | "if-repairable";
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

const nothingSaid: readonly string[] = [];

const asSeen = (vm: Vm, sight: DomainSight | undefined): Seen =>
  sight === undefined
    ? notRunning(vm, "missing")
    : {
        state: sight.state,
        reason: sight.reason,
        runId: sight.runId,
        persistent: sight.persistent,
        memoryMiB: sight.memoryMiB,
        vcpus: sight.vcpus,
      };

const differs = (vm: Vm, seen: Seen) =>
  vm.state !== seen.state ||
  vm.reason !== seen.reason ||
  vm.runId !== seen.runId ||
  vm.persistent !== seen.persistent ||
  vm.memoryMiB !== seen.memoryMiB ||
  vm.vcpus !== seen.vcpus;

const isAsWritten = (vm: Vm, sight: DomainSight | undefined): boolean =>
  sight === undefined ? vm.state === "missing" && vm.reason === "none" && vm.runId === null : !differs(vm, sight);

const isNews = ({ verdict, wish }: VmDecision, vm: Vm, sight: DomainSight | undefined): boolean =>
  verdict.kind === "failed" || wish !== undefined || !isAsWritten(vm, sight);

/** Whether the VM's last incident is one that a repair of ours is working on: what happens then is our own doing. */
export async function underRepair(
  env: { readonly store: Pick<EngineStore, "openIncidentsOf"> },
  vm: Vm,
): Promise<boolean> {
  const state = (await env.store.openIncidentsOf(vm.hostId)).get(vm.id);
  return state === "open" || state === "repairing";
}

/** Belay has left it off for people to look at, and of what its host says after a silence nothing is newer than that. */
async function wasOffBefore(
  { store }: Env,
  { vm, troubled }: Watched,
  sight: DomainSight | undefined,
): Promise<boolean> {
  if (!troubled || vm.state !== "unknown" || !isOffByHand(sight)) return false;
  const incident = await store.openIncidentOf(vm.id);
  return (
    isLeftToPeople(incident) && incident?.cause !== "two-copies" && incident !== undefined && !isUntouched(incident)
  );
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
    const looksAnew = async () =>
      watched.anew === "yes" ||
      (watched.anew === "if-repairable" && (await isWorthALook(env, host, vm, { verdict, decision }, definitionKnown)));
    const mayLook = state === "handed-over" && host.standing === "in-use";
    if (mayLook && (await looksAnew()) && !isLeftToPeople(await store.openIncidentOf(vm.id)))
      await store.clearIncident(vm.id, `${vm.name} is looked at anew: its host is in use again.`, clock.now());
    else if (state !== undefined) {
      if (watched.anew === "if-repairable") watched.anew = "no";
      return;
    }
  }
  watched.anew = "no";
  const last = around.guests.lastAnswer(vm.id);
  const answeredAt = last === undefined ? undefined : timeOfDay(clock, last);
  const evidence = evidenceOf(decision, heard, sight, answeredAt, clock.now());
  const wait = await failVm(env, host, vm, { verdict, decision, evidence }, definitionKnown);
  if (wait === undefined) watched.troubled = true;
  else watched.lookAt = wait.notBefore;
}

/** Patience is measured on `nowMs`, where nobody sets the time. */
function decide(
  { guests }: Around,
  { vm, memory }: Watched,
  sight: DomainSight | undefined,
  heard: Heard | undefined,
  nowMs: number,
): VmDecision {
  const answeredAt = guests.lastAnswer(vm.id);
  const guest = answeredAt === undefined ? undefined : { verdict: guests.verdict(vm.id), answeredAt };
  return decideVm({ vm, sight, said: heard?.said ?? nothingSaid, heardAt: heard?.sinceMs, memory, guest }, nowMs);
}

function remember(watched: Watched, { memory, verdict }: VmDecision): void {
  watched.memory = memory;
  watched.lookAt = verdict.kind === "wait" ? verdict.until : undefined;
}

function attend({ guests, again }: Around, { vm, troubled }: Watched): void {
  if (vm.state === "running") guests.attend(vm, troubled, again);
  else guests.leave(vm.id);
}

/**
 * A look at one VM of which there is nothing to write and nothing to ask: nearly every one of every scan, so nothing is waited for. Gives false
 * where it takes more than that, and `look` has to.
 */
export function glance(
  { clock }: Pick<Env, "clock">,
  around: Around,
  watched: Watched,
  sight: DomainSight | undefined,
  heard: Heard | undefined,
): boolean {
  const { vm, troubled } = watched;
  if (troubled || vm.movingTo !== null || isHeldByCapture(sight)) return false;
  const decision = decide(around, watched, sight, heard, clock.monotonicMs());
  if (isNews(decision, vm, sight)) return false;
  remember(watched, decision);
  attend(around, watched);
  return true;
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
  const nowMs = clock.monotonicMs();
  let decision = decide(around, watched, sight, heard, nowMs);
  if (isNews(decision, watched.vm, sight) || watched.vm.movingTo !== null) {
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
    decision = decide(around, watched, sight, heard, nowMs);
  }
  remember(watched, decision);

  // The wish before the state: once the state is known, the same stop is no wish any more.
  let unread = false;
  if (decision.wish !== undefined && decision.wish.wanted !== watched.vm.wanted) {
    if (await wasOffBefore(env, watched, sight)) {
      // Its host was silent in between: it is as Belay left it, and nobody has spoken.
    } else if (await underRepair(env, watched.vm)) {
      // It may end without having laid a hand on the VM, or has ended by now: then this is news to the next look.
      const incident = await store.openIncidentOf(watched.vm.id);
      unread = decision.wish.wanted === "stopped" && (incident === undefined || isUntouched(incident));
    } else {
      watched.vm = await store.recordWanted(watched.vm.id, decision.wish.wanted, decision.wish.words, now);
      around.changed();
    }
  }
  if (!unread && !isAsWritten(watched.vm, sight)) {
    watched.vm = await store.recordVm(watched.vm.id, asSeen(watched.vm, sight), now);
    around.changed();
  }
  if (decision.verdict.kind === "failed") {
    await fail(env, around, watched, decision, heard, sight);
  } else if (watched.troubled && decision.verdict.kind !== "wait" && (await isOver(env, around, watched.vm))) {
    await store.clearIncident(watched.vm.id, `${watched.vm.name} is as its owner wants it again.`, now);
    watched.troubled = false;
  }
  attend(around, watched);
  return true;
}

/** `first`: Belay begins. */
export const startWatching = (vm: Vm, troubled: ReadonlySet<VmId>, first: boolean): Watched => ({
  vm,
  memory: undefined,
  troubled: troubled.has(vm.id),
  anew: first && troubled.has(vm.id) ? "if-repairable" : "no",
  lookAt: undefined,
});
