import { type ReviveAction, reviveAction } from "../../decide/index.ts";
import type { Vm } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { HostUnreachable, HypervisorRefused } from "../ports.ts";
import type { StepEnd } from "./step.ts";

/** Pauses between two tries: short at first, since most first tries succeed. */
const pausesMs = [100, 250, 500, 1_000, 2_000, 5_000];

/**
 * Brings the VM to running, one action at a time, and reads the truth anew before each: done twice, or gone on with after a
 * crash, it acts only where something is still to do. A silent host and a refusal are tried again until the time is over.
 */
export async function bringUp(
  env: Env,
  options: EngineOptions,
  vm: Vm,
  definition: string | null,
): Promise<StepEnd<{ acted: boolean }>> {
  const { hypervisor, clock } = env;
  const deadline = clock.now() + options.reviveWithinMs;
  const done: string[] = [];
  let trouble = "";
  let before: ReviveAction | undefined;
  for (let attempt = 0; clock.now() < deadline; attempt++) {
    try {
      const sight = await hypervisor.readDomain(vm.hostId, vm.uuid);
      const action: ReviveAction = reviveAction(sight);
      if (action === "nothing") {
        return { ok: true, words: done.join(" ") || "It runs already.", value: { acted: done.length > 0 } };
      }
      if (action === "give-up") {
        return { ok: false, words: `It is ${sight?.state} (${sight?.reason}): to start it here could make two of it.` };
      }
      if (action !== "wait") {
        const outcome = await hypervisor.act(vm.hostId, vm.uuid, action, definition ?? undefined);
        trouble = outcome.words;
        if (outcome.done && action !== before) {
          done.push(outcome.words);
          before = action;
          continue; // the next look tells whether it took
        }
      } else trouble = `The hypervisor is busy with it (${sight?.state}, ${sight?.reason}).`;
    } catch (error) {
      if (!(error instanceof HostUnreachable) && !(error instanceof HypervisorRefused)) throw error;
      trouble = error.message;
    }
    await clock.sleep(pausesMs[Math.min(attempt, pausesMs.length - 1)] ?? 1_000);
  }
  return {
    ok: false,
    words: `It could not be brought back within ${options.reviveWithinMs / 1000} s. Last: ${trouble}`,
  };
}
