import type { Context } from "./context.ts";
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
    const { run, generation, address, from, finishBy } = stage;
    jobs.push({ is: "finish", key: `finish/${id}/${run}`, repair: id, vm, run, generation, address, from, finishBy });
  }
  for (const { id, vm: ref, answerBy } of Object.values(state.questions)) {
    const vm = vmNamed(ref);
    if (vm !== undefined) jobs.push({ is: "look", key: `look/${id}`, question: id, vm, answerBy });
  }
  for (const { stage } of Object.values(state.troubles))
    if (stage.is === "acting") jobs.push({ is: "act", key: stage.action.key, action: stage.action });
  return jobs;
}
