import type { Vm, VmId } from "../../../model/index.ts";
import type { EngineOptions, Env } from "../../env.ts";
import type { Answered } from "../elsewhere.ts";
import type { StepEnd } from "../step.ts";
import { verify } from "../verify.ts";
import { restoredAnswersWithinMs } from "./patience.ts";

/**
 * Asks the restored guest. `silent`: it is known to answer when it is well, so what was saved of it was not. One that never answered in this
 * life of Belay runs as far as anybody can say: more restores would cost its work for nothing, so a person is told.
 */
export async function verifyRestored(
  env: Env,
  options: EngineOptions,
  everAnswered: (vm: VmId) => boolean,
  vm: Vm,
): Promise<StepEnd<Answered>> {
  const end = await verify(env, { ...options, answerWithinMs: restoredAnswersWithinMs }, vm);
  return end.ok || !everAnswered(vm.id) ? end : { ok: true, words: end.words, value: { silent: true } };
}
