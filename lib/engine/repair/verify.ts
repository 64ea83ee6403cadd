import type { AnswerCheck, EpochMs, Vm } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { HostUnreachable } from "../ports.ts";
import type { StepEnd } from "./step.ts";

const inWords = (check: AnswerCheck) =>
  check.kind === "agent" ? "its agent" : check.kind === "icmp" ? `ping to ${check.address}` : `TCP port ${check.port}`;

const stillCheckEveryMs = 2_000;

/**
 * Asks the guest until it answers: a domain that runs is not yet a service that is back. Says `died` when the domain stops
 * running meanwhile, so that the repair can begin anew instead of asking a dead guest for minutes.
 */
export async function verify(
  env: Env,
  options: EngineOptions,
  vm: Vm,
): Promise<StepEnd<{ answeredAt: EpochMs } | { died: string }>> {
  const { prober, hypervisor, clock } = env;
  const began = clock.monotonicMs();
  let lookedAt = began;
  while (clock.monotonicMs() < began + options.answerWithinMs) {
    if (await prober.answers(vm, vm.answerCheck, options.probeTimeoutMs)) {
      const answeredAt = clock.now();
      return { ok: true, words: `The guest answers (${inWords(vm.answerCheck)}).`, value: { answeredAt } };
    }
    if (clock.monotonicMs() >= lookedAt + stillCheckEveryMs) {
      lookedAt = clock.monotonicMs();
      const sight = await hypervisor.readDomain(vm.hostId, vm.uuid).catch((error: unknown) => {
        if (error instanceof HostUnreachable) return "silent" as const; // not known: go on asking the guest
        throw error;
      });
      if (sight !== "silent" && sight?.state !== "running") {
        const words = sight === undefined ? "vanished" : `was ${sight.state} (${sight.reason})`;
        return { ok: true, words: `It came up and then ${words}.`, value: { died: words } };
      }
    }
    await clock.sleep(options.probeEveryMs);
  }
  return {
    ok: false,
    words: `It runs, but ${inWords(vm.answerCheck)} did not answer within ${options.answerWithinMs / 1000} s.`,
  };
}
