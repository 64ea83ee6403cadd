import type { AnswerCheck, EpochMs, Vm } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { HostUnreachable } from "../ports.ts";
import { isOffByHand } from "./off-by-hand.ts";
import type { StepEnd } from "./step.ts";

const inWords = (check: AnswerCheck) =>
  check.kind === "agent" ? "its agent" : check.kind === "icmp" ? `ping to ${check.address}` : `TCP port ${check.port}`;

const stillCheckEveryMs = 2_000;

/** How the guest itself answers, whatever its servers do: by its agent, an echo, or its SSH. What was made anew has no server yet. */
export function guestChecks(vm: Pick<Vm, "answerCheck" | "address">): readonly AnswerCheck[] {
  const address = vm.address ?? (vm.answerCheck.kind === "agent" ? null : vm.answerCheck.address);
  const agent = { kind: "agent" } as const;
  return address === null ? [agent] : [{ kind: "icmp", address }, { kind: "tcp", address, port: 22 }, agent];
}

/** Whether the guest answers any of them: as soon as one is answered. */
async function answersAny(env: Env, vm: Vm, checks: readonly AnswerCheck[], timeoutMs: number) {
  const [only] = checks;
  if (checks.length === 1 && only !== undefined)
    return (await env.prober.answers(vm, only, timeoutMs)) ? only : undefined;
  return new Promise<AnswerCheck | undefined>((resolve, reject) => {
    let left = checks.length;
    for (const check of checks)
      env.prober.answers(vm, check, timeoutMs).then((answered) => {
        left--;
        if (answered) resolve(check);
        else if (left === 0) resolve(undefined);
      }, reject);
  });
}

export interface Died {
  /** What became of it: "was stopped (failed)". */
  readonly died: string;
  /** It ran, and somebody switched it off since: not Belay, which only asks meanwhile. */
  readonly byHand: boolean;
}

/**
 * Asks the guest until it answers: a domain that runs is not yet a service that is back. Says `died` when the domain stops
 * running meanwhile, so that the repair can begin anew instead of asking a dead guest for minutes.
 */
export async function verify(
  env: Env,
  options: EngineOptions,
  vm: Vm,
  checks: readonly AnswerCheck[] = [vm.answerCheck],
): Promise<StepEnd<{ answeredAt: EpochMs } | Died>> {
  const { hypervisor, clock } = env;
  const began = clock.monotonicMs();
  let lookedAt = began;
  while (clock.monotonicMs() < began + options.answerWithinMs) {
    const answered = await answersAny(env, vm, checks, options.probeTimeoutMs);
    if (answered !== undefined) {
      const answeredAt = clock.now();
      return { ok: true, words: `The guest answers (${inWords(answered)}).`, value: { answeredAt } };
    }
    if (clock.monotonicMs() >= lookedAt + stillCheckEveryMs) {
      lookedAt = clock.monotonicMs();
      const sight = await hypervisor.readDomain(vm.hostId, vm.uuid).catch((error: unknown) => {
        if (error instanceof HostUnreachable) return "silent" as const; // not known: go on asking the guest
        throw error;
      });
      if (sight !== "silent" && sight?.state !== "running") {
        const words = sight === undefined ? "vanished" : `was ${sight.state} (${sight.reason})`;
        return { ok: true, words: `It came up and then ${words}.`, value: { died: words, byHand: isOffByHand(sight) } };
      }
    }
    await clock.sleep(options.probeEveryMs);
  }
  return {
    ok: false,
    words: `It runs, but ${checks.map(inWords).join(", ")} did not answer within ${options.answerWithinMs / 1000} s.`,
  };
}
