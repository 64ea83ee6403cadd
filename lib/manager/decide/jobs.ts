import type { Context } from "./context.ts";
import { actionOn, actionsOf, makesAnew } from "./in-hand.ts";
import type { Action, ManagerState, MessageId } from "./state.ts";

/** What is to be going on now. It follows from the state: what is missing is begun, what is no longer here is called off. */
export type Job =
  | {
      readonly is: "finish";
      readonly key: string;
      readonly repair: string;
      readonly vm: string;
      readonly run: string;
      readonly generation: number;
      readonly address: string | null;
      readonly from: "image" | "own-disk" | "checkpoint";
      readonly finishBy: number;
    }
  | {
      readonly is: "look";
      readonly key: string;
      readonly question: MessageId;
      readonly vm: string;
      readonly answerBy: number;
    }
  | { readonly is: "act"; readonly key: string; readonly action: Action };

export function jobsOf(state: ManagerState, vmNamed: Context["vmNamed"]): readonly Job[] {
  const jobs: Job[] = [];
  for (const { id, vm: ref, stage } of Object.values(state.repairs)) {
    const vm = vmNamed(ref);
    if (stage.is !== "finishing" || vm === undefined) continue;
    // One at a time has a VM in hand: what is being made anew is not deployed from two sides.
    const action = actionOn(state, vm);
    if (action !== undefined && makesAnew(action)) continue;
    const { run, generation, address, from, finishBy } = stage;
    jobs.push({ is: "finish", key: `finish/${id}/${run}`, repair: id, vm, run, generation, address, from, finishBy });
  }
  for (const { id, vm: ref, answerBy } of Object.values(state.questions)) {
    const vm = vmNamed(ref);
    if (vm !== undefined) jobs.push({ is: "look", key: `look/${id}`, question: id, vm, answerBy });
  }
  return [...jobs, ...actionsOf(state).map(actOf)];
}

/** What people ordered. A manager that may not act by itself, as its provider is away, does this all the same. */
export const jobsByHand = (state: ManagerState): readonly Job[] =>
  Object.values(state.byHand).flatMap(({ stage }) => (stage.is === "acting" ? [actOf(stage.action)] : []));

const actOf = (action: Action): Job => ({ is: "act", key: action.key, action });
