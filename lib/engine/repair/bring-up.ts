import { type ReviveAction, reviveAction } from "../../decide/index.ts";
import type { Incident, Vm } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { DomainSight } from "../ports.ts";
import { goneFromHome, type Taken } from "./gone-from-home.ts";
import { isOffByHand, isOffSince, offByHandWords } from "./off-by-hand.ts";
import { retry, type Trouble, type Try } from "./retry.ts";
import type { StepEnd } from "./step.ts";

const tooLate = (options: EngineOptions, { words, detail }: Trouble): StepEnd<never> => ({
  ok: false,
  words: `It could not be done within ${options.reviveWithinMs / 1000} s. Last: ${words}`,
  detail,
});

export interface First {
  /** Something is to be done. */
  readonly needed: boolean;
  /** The VM is off, or the repair itself may switch it off. */
  readonly offByUs: boolean;
  /** It runs and hangs: it is to be reset, once. */
  readonly hangs?: true;
}

/** A guest that is asked for the last time before it is reset gets longer to answer. */
const lastQuestionMs = 2_000;

/** So long a guest may take that was reset right before a death of Belay, which has forgotten whether it did it. */
const rebootMs = 60_000;

/** A guest that was found hung, and that still answers nobody within the time: asked at least once. */
async function stillHangs(env: Env, vm: Vm, sight: DomainSight | undefined, withinMs: number): Promise<boolean> {
  if (sight?.state !== "running") return false;
  const deadline = env.clock.monotonicMs() + withinMs;
  do {
    if (await env.prober.answers(vm, vm.answerCheck, lastQuestionMs)) return false;
  } while (env.clock.monotonicMs() < deadline);
  return true;
}

/**
 * Looks whether the VM still needs the repair, before anything is touched. It is a step of its own because its answer must
 * outlive a crash: a VM that runs when the repair goes on may run because the repair started it.
 */
export async function lookFirst(
  env: Env,
  options: EngineOptions,
  vm: Vm,
  incident: Pick<Incident, "cause" | "partOf" | "repairs">,
): Promise<StepEnd<First>> {
  const seen = await retry(env, options.reviveWithinMs, async () => ({
    came: { sight: await env.hypervisor.readDomain(vm.hostId, vm.uuid) },
  }));
  if ("trouble" in seen) return tooLate(options, seen.trouble);
  const { sight } = seen.came;
  if (incident.cause === "hung" && (await stillHangs(env, vm, sight, 0)))
    return { ok: true, words: "It runs and answers nobody.", value: { needed: true, offByUs: false, hangs: true } };
  const action = reviveAction(sight);
  const needed = action !== "nothing";
  // What was off when it was decided about, or will be switched off by this repair, says nothing later of a person's wish.
  const offByUs = action === "destroy" || (sight?.state === "stopped" && !isOffSince(sight, vm, incident));
  const state = sight === undefined ? "no longer defined" : `${sight.state} (${sight.reason})`;
  return { ok: true, words: needed ? `It is ${state}.` : "It runs already.", value: { needed, offByUs } };
}

export interface Up {
  /** Somebody switched the VM off while it was repaired, or its owner wants it stopped by now: a wish, which the repair obeys. */
  readonly byHand: boolean;
  /** It must be switched off, and that has not been written down: after a crash our own hand would be taken for a person's. */
  readonly offFirst?: true;
}

/** Writes down, before it is done, that the repair itself may switch the VM off. Who switched it off until now was not the repair. */
export async function lookAgain(env: Env, options: EngineOptions, vm: Vm): Promise<StepEnd<First>> {
  const seen = await retry(env, options.reviveWithinMs, async () => ({
    came: { sight: await env.hypervisor.readDomain(vm.hostId, vm.uuid) },
  }));
  if ("trouble" in seen) return tooLate(options, seen.trouble);
  const { sight } = seen.came;
  const offByUs = reviveAction(sight) === "destroy";
  const state = sight === undefined ? "no longer defined" : `${sight.state} (${sight.reason})`;
  return { ok: true, words: `It is ${state}.`, value: { needed: true, offByUs } };
}

/**
 * Brings the VM to running, one action at a time, and reads the truth anew before each: done twice, or gone on with after a
 * crash, it acts only where something is still to do. `notOurs` says why it must not act any more; `begunBefore`, that it may have acted.
 */
export async function bringUp(
  env: Env,
  options: EngineOptions,
  vm: Vm,
  incident: Taken,
  definition: string | null,
  first: First,
  notOurs: () => Promise<string | undefined>,
  begunBefore: boolean,
): Promise<StepEnd<Up>> {
  const done: string[] = [];
  let before: ReviveAction | undefined;
  const result = await retry<StepEnd<Up>>(env, options.reviveWithinMs, async (): Promise<Try<StepEnd<Up>>> => {
    const ended = await notOurs(); // also where the host is silent: it may be the reason
    if (ended !== undefined) return { came: { ok: false, words: ended } };
    const sight = await env.hypervisor.readDomain(vm.hostId, vm.uuid);
    const gone = sight === undefined ? await goneFromHome(env, vm, incident) : undefined;
    if (gone !== undefined) return { came: { ok: false, words: gone } };
    const hangs =
      first.hangs === true && before === undefined && (await stillHangs(env, vm, sight, begunBefore ? rebootMs : 0));
    const action = reviveAction(sight, hangs);
    if (action === "nothing")
      return { came: { ok: true, words: done.join(" ") || "It runs.", value: { byHand: false } } };
    if (isOffByHand(sight) && !first.offByUs && before !== "destroy") {
      return { came: { ok: true, words: offByHandWords, value: { byHand: true } } };
    }
    if (action === "give-up") {
      const words = `It is ${sight?.state} (${sight?.reason}): to start it here could make two of it.`;
      return { came: { ok: false, words } };
    }
    if (action === "destroy" && !first.offByUs) {
      const words = [...done, `It is ${sight?.state} (${sight?.reason}) and has to be switched off first.`].join(" ");
      return { came: { ok: true, words, value: { byHand: false, offFirst: true } } };
    }
    if (action === "wait") return { trouble: `The hypervisor is busy with it (${sight?.state}, ${sight?.reason}).` };
    const taken = await notOurs(); // what was read above took its time
    if (taken !== undefined) return { came: { ok: false, words: taken } };
    if ((await env.store.vm(vm.id))?.wanted === "stopped") {
      const words = "Its owner wants it stopped by now, so it is left as it is.";
      return { came: { ok: true, words, value: { byHand: true } } };
    }
    const outcome = await env.hypervisor.act(vm.hostId, vm.uuid, action, definition ?? undefined);
    const progress = outcome.done && action !== before;
    if (progress) {
      done.push(outcome.words);
      before = action;
    }
    const failsAgain = !progress && action === before && sight?.reason === "io-error";
    const trouble = failsAgain ? "Its disk fails again as soon as it goes on." : outcome.words;
    return { trouble, again: progress }; // the next look tells whether it took
  });
  return "came" in result ? result.came : tooLate(options, result.trouble);
}
