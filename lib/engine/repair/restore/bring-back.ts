import { reviveAction } from "../../../decide/index.ts";
import type { RepairId, Vm } from "../../../model/index.ts";
import { ceaseCapture } from "../../checkpoints/in-hand.ts";
import type { EngineOptions, Env } from "../../env.ts";
import { CheckpointDamaged, type DomainSight, HostUnreachable, HypervisorRefused } from "../../ports.ts";
import type { First } from "../bring-up.ts";
import { goneFromHome } from "../gone-from-home.ts";
import { retry } from "../retry.ts";
import { notHere } from "../revive-rounds.ts";
import type { StepEnd } from "../step.ts";
import { vmWork } from "../work.ts";
import { type Candidate, tellDamaged } from "./candidates.ts";
import { restoreInTime } from "./in-time.ts";
import type { OwnDisk } from "./own-disk.ts";

/** A refusal may come from what the hypervisor is still clearing away. */
const refusalsAtMost = 2;

/** `not-off`: it is in a state that a checkpoint has no answer to; it is brought up as it is. */
export type Off = "off" | "not-off";

/** Whether it still is what the repair came for: a guest that was found hung may answer by now. */
async function mustGoOff(env: Env, vm: Vm, sight: DomainSight, first: First, replaces: boolean): Promise<boolean> {
  if (reviveAction(sight) === "destroy" || replaces) return true;
  if (sight.state !== "running" || first.hangs !== true) return false;
  return !(await env.prober.answers(vm, vm.answerCheck, 2_000));
}

/**
 * Makes sure that the VM does not run on its own host: a guest that hangs or panicked is switched off, one that runs well is not.
 * `replaces`: an earlier restore of this repair brought it up, and it answers nobody.
 */
export async function switchOffHere(
  env: Env,
  options: EngineOptions,
  repair: RepairId,
  first: First,
  replaces: boolean,
): Promise<StepEnd<Off>> {
  await ceaseCapture(env, (await vmWork(env, repair)).vm.id, 0);
  const end = await retry<StepEnd<Off>>(env, options.reviveWithinMs, async () => {
    const { vm, incident, definition } = await vmWork(env, repair);
    const ended = await notHere(env, repair, vm);
    if (ended !== undefined) return { came: { ok: false, words: ended } };
    const sight = await env.hypervisor.readDomain(vm.hostId, vm.uuid);
    if (sight === undefined) {
      const gone = await goneFromHome(env, vm, incident);
      if (gone !== undefined) return { came: { ok: false, words: gone } };
      return { came: { ok: true, words: "It does not run.", value: "off" } };
    }
    if (sight.state === "stopping") return { trouble: "The hypervisor is busy with it." };
    if (sight.state === "stopped") {
      const byHand = sight.reason === "destroyed" && !first.offByUs && first.hangs !== true && !replaces;
      return byHand || sight.reason === "migrated"
        ? { came: { ok: true, words: `It is stopped (${sight.reason}).`, value: "not-off" } }
        : { came: { ok: true, words: "It does not run.", value: "off" } };
    }
    if (!(await mustGoOff(env, vm, sight, first, replaces)))
      return { came: { ok: true, words: `It is ${sight.state} (${sight.reason}).`, value: "not-off" } };
    const taken = await notHere(env, repair, vm); // what was read above took its time
    if (taken !== undefined) return { came: { ok: false, words: taken } };
    const action = sight.state === "running" || sight.state === "suspended" ? "switch-off" : "destroy";
    const { words, done } = await env.hypervisor.act(vm.hostId, vm.uuid, action, definition ?? undefined);
    return { trouble: words, again: done }; // the next look tells whether it took
  });
  return "came" in end ? end.came : { ok: false, words: end.trouble.words, detail: end.trouble.detail };
}

export type Restored =
  /** `sure`: it was this restore. Else its answer was lost, and somebody may have started the VM meanwhile. */
  | { readonly kind: "up"; readonly sure: boolean }
  /** Somebody started it meanwhile, from its own disk. */
  | { readonly kind: "runs" }
  /** `damaged`: an older one may be whole. */
  | { readonly kind: "damaged" | "refused"; readonly words: string };

/** For people. */
export const mustNotGoBack = "It must never go back to an older state, as was chosen meanwhile.";

const notWanted = "Its owner wants it stopped by now.";

/** For people, where the answer of a restore was lost. */
export const unsure = (toWhat: string): string =>
  `It was being restored ${toWhat} when the answer was lost, and runs: by that, or because somebody started it.`;

/**
 * Restores one checkpoint onto the VM's own host, where it does not run: `own` with other disks. `begunBefore`: an earlier try of this very step
 * may have done it. `held`: it is up when it is loaded, and stands still; what runs there of anything else is refused.
 * That is with its group, which was stopped for it, so what its owner wants since keeps the others from nothing.
 */
export async function restoreHere(
  env: Env,
  options: EngineOptions,
  repair: RepairId,
  candidate: Candidate,
  own: OwnDisk,
  begunBefore: boolean,
  held = false,
): Promise<StepEnd<Restored>> {
  const { checkpoints } = env;
  let refusals = 0;
  let mayBeOurs = begunBefore;
  const end = await retry<StepEnd<Restored>>(env, options.reviveWithinMs, async () => {
    const { vm } = await vmWork(env, repair);
    const ended = await notHere(env, repair, vm);
    if (ended !== undefined) return { came: { ok: false, words: ended } };
    // What was chosen since the repair began holds: what is left then is to start it from its disk, or to leave it off.
    if (vm.wanted === "stopped" && !held) return { came: refused(notWanted) };
    if (vm.rollbackIntolerant) return { came: refused(mustNotGoBack) };
    const request = { checkpoint: candidate.id, vm, definition: own.xml, generation: vm.generation };
    const how = held ? { ...request, held } : request;
    try {
      const done = await restoreInTime(env, candidate.id, (signal) =>
        checkpoints.restore(vm.hostId, how, null, () => undefined, signal),
      );
      if (done === undefined) return { came: refused("It did not end in time.") };
      if (done.done || mayBeOurs || held)
        return { came: { ok: true, words: done.words, value: { kind: "up", sure: done.done || held } } };
      return { came: { ok: true, words: "It runs already: somebody started it.", value: { kind: "runs" } } };
    } catch (error) {
      if (error instanceof HostUnreachable) mayBeOurs = true; // its answer was lost
      if (error instanceof CheckpointDamaged) {
        await tellDamaged(env, vm, candidate.id, error.message);
        const words = "The checkpoint is damaged.";
        return { came: { ok: true, words, detail: error.message, value: { kind: "damaged", words } } };
      }
      if (error instanceof HostUnreachable) throw error;
      if (!(error instanceof HypervisorRefused))
        env.log.warn(`a checkpoint of ${vm.name} could not be read`, { error: String(error) });
      if (++refusals < refusalsAtMost) return { trouble: "It could not be restored." };
      return { came: { ...refused("Its checkpoint could not be restored."), detail: String(error) } };
    }
  });
  return "came" in end ? end.came : { ok: false, words: end.trouble.words, detail: end.trouble.detail };
}

const refused = (words: string): StepEnd<Restored> => ({ ok: true, words, value: { kind: "refused", words } });
