import type { AnswerCheck, EpochMs, RepairId, Vm } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { Steps } from "../ports.ts";
import { bringUp, type First, lookAgain } from "./bring-up.ts";
import { offByHandWords, takeAsWanted } from "./off-by-hand.ts";
import { step } from "./step.ts";
import type { StepBase, StepName } from "./step-kinds.ts";
import { verify } from "./verify.ts";
import { notOurs, vmWork } from "./work.ts";

/** Also a VM that is being moved is left alone: what is not here may run where it goes to. */
export async function notHere(env: Env, repair: RepairId, vm: Vm): Promise<string | undefined> {
  const ended = await notOurs(env, repair, vm);
  if (ended !== undefined || (await vmWork(env, repair)).vm.movingTo === null) return ended;
  return "It was being moved, and it is not clear yet on which host it is.";
}

export type Rounds =
  | { readonly kind: "answers"; readonly tr: EpochMs; readonly acted: boolean }
  /** From what was saved of it; `words` say which state it is. */
  | { readonly kind: "restored"; readonly tr: EpochMs; readonly words: string }
  /** Somebody switched it off meanwhile: a wish. */
  | { readonly kind: "left-off"; readonly words: string }
  | { readonly kind: "handed-over"; readonly words: string };

/** What is asked of a VM that was brought up, and the name of the step that asks. */
export interface Asking {
  readonly name: StepBase;
  readonly checks: (vm: Vm) => readonly AnswerCheck[];
}
/** What its owner chose as the sign that it serves. */
export const askService: Asking = { name: "verify", checks: (vm) => [vm.answerCheck] };

/**
 * The VM back on its own host, from its own disk: rounds of bring up and verify after a first look. `acted`: the repair has touched it
 * already. `label` tells these steps from those of another try in the same repair.
 */
export async function reviveRounds(
  env: Env,
  options: EngineOptions,
  repair: RepairId,
  steps: Steps,
  first: First,
  actedBefore = first.needed,
  label = "",
  asking = askService,
): Promise<Rounds> {
  let acted = actedBefore;
  let last = "";
  for (let round = 1; round <= options.rounds; round++) {
    const suffix = `${label}${round === 1 ? "" : ` (round ${round})`}`;
    const bring = (name: StepName, seen: First) =>
      step(env, steps, repair, `${name}${suffix}`, async () => {
        const { vm, incident, definition, repair: work } = await vmWork(env, repair);
        const begunBefore = work.steps.some((it) => it.name === `${name}${suffix}` && it.attempts > 1);
        return bringUp(env, options, vm, incident, definition, seen, () => notHere(env, repair, vm), begunBefore);
      });
    let up = await bring("bring up", first);
    for (let turn = 1; up.ok && up.value.offFirst && turn <= options.rounds; turn++) {
      const again = await step(env, steps, repair, `look again${suffix}${turn === 1 ? "" : `, ${turn}`}`, async () =>
        lookAgain(env, options, (await vmWork(env, repair)).vm),
      );
      if (!again.ok) return { kind: "handed-over", words: again.words };
      up = await bring(turn === 1 ? "bring up again" : `bring up again, ${turn}`, again.value);
    }
    if (!up.ok) return { kind: "handed-over", words: up.words };
    if (up.value.offFirst)
      return {
        kind: "handed-over",
        words: "It stopped running each time it was about to be switched off and started.",
      };
    if (up.value.byHand) return { kind: "left-off", words: up.words };

    const answer = await step(env, steps, repair, `${asking.name}${suffix}`, async () => {
      const { vm } = await vmWork(env, repair);
      return verify(env, options, vm, asking.checks(vm));
    });
    if (!answer.ok) return { kind: "handed-over", words: answer.words };
    if ("answeredAt" in answer.value) return { kind: "answers", tr: answer.value.answeredAt, acted };
    if (answer.value.byHand) return { kind: "left-off", words: offByHandWords };
    last = answer.value.died;
    acted = true; // the next round starts it
  }
  const words = `It was brought up ${options.rounds} times, and each time it ${last} before it answered.`;
  return { kind: "handed-over", words };
}

/** Ends the repair as the rounds ended. `said` comes before the words of a repair that did something. */
export async function endRounds(env: Env, steps: Steps, repair: RepairId, rounds: Rounds, said = ""): Promise<void> {
  const { store, clock } = env;
  if (rounds.kind === "handed-over")
    return steps.run("hand over", () => {
      const words = `${said}${rounds.words}`;
      return store.endRepair(repair, { state: "handed-over", incident: "handed-over", words, tr: null }, clock.now());
    });
  if (rounds.kind === "left-off") {
    await steps.run("wish", () => takeAsWanted(env, repair, rounds.words));
    return steps.run("end", () =>
      store.endRepair(repair, { state: "not-needed", incident: "cleared", words: rounds.words, tr: null }, clock.now()),
    );
  }
  const end =
    rounds.kind === "restored"
      ? ({ state: "succeeded", incident: "repaired", words: rounds.words } as const)
      : rounds.acted
        ? ({ state: "succeeded", incident: "repaired", words: `${said}It runs and answers again.` } as const)
        : ({ state: "not-needed", incident: "cleared", words: "It was well again before Belay touched it." } as const);
  return steps.run("end", () => store.endRepair(repair, { ...end, tr: rounds.tr }, clock.now()));
}
