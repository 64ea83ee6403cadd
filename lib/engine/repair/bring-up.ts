import { type ReviveAction, reviveAction } from "../../decide/index.ts";
import type { Vm } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { retry, type Try } from "./retry.ts";
import type { StepEnd } from "./step.ts";

const tooLate = (options: EngineOptions, trouble: string) =>
  `It could not be done within ${options.reviveWithinMs / 1000} s. Last: ${trouble}`;

/**
 * Looks whether the VM still needs the repair, before anything is touched. It is a step of its own because its answer must
 * outlive a crash: a VM that runs when the repair goes on may run because the repair started it.
 */
export async function lookFirst(env: Env, options: EngineOptions, vm: Vm): Promise<StepEnd<{ needed: boolean }>> {
  const seen = await retry(env, options.reviveWithinMs, async () => ({
    came: { sight: await env.hypervisor.readDomain(vm.hostId, vm.uuid) },
  }));
  if ("trouble" in seen) return { ok: false, words: tooLate(options, seen.trouble) };
  const { sight } = seen.came;
  const needed = reviveAction(sight) !== "nothing";
  const state = sight === undefined ? "no longer defined" : `${sight.state} (${sight.reason})`;
  return { ok: true, words: needed ? `It is ${state}.` : "It runs already.", value: { needed } };
}

/**
 * Brings the VM to running, one action at a time, and reads the truth anew before each: done twice, or gone on with after a
 * crash, it acts only where something is still to do.
 */
export async function bringUp(
  env: Env,
  options: EngineOptions,
  vm: Vm,
  definition: string | null,
): Promise<StepEnd<null>> {
  const done: string[] = [];
  let before: ReviveAction | undefined;
  const result = await retry<StepEnd<null>>(env, options.reviveWithinMs, async (): Promise<Try<StepEnd<null>>> => {
    const sight = await env.hypervisor.readDomain(vm.hostId, vm.uuid);
    const action = reviveAction(sight);
    if (action === "nothing") return { came: { ok: true, words: done.join(" ") || "It runs.", value: null } };
    if (action === "give-up") {
      const words = `It is ${sight?.state} (${sight?.reason}): to start it here could make two of it.`;
      return { came: { ok: false, words } };
    }
    if (action === "wait") return { trouble: `The hypervisor is busy with it (${sight?.state}, ${sight?.reason}).` };
    const outcome = await env.hypervisor.act(vm.hostId, vm.uuid, action, definition ?? undefined);
    const progress = outcome.done && action !== before;
    if (progress) {
      done.push(outcome.words);
      before = action;
    }
    return { trouble: outcome.words, again: progress }; // the next look tells whether it took
  });
  return "came" in result ? result.came : { ok: false, words: tooLate(options, result.trouble) };
}
