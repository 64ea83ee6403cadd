import type { RepairId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import type { Steps } from "../ports.ts";
import type { StepName } from "./step-kinds.ts";

/** How a step ended: `ok` leads on, else the repair hands over with the words. Plain data, for it is journalled as JSON. */
export type StepEnd<T> =
  | { readonly ok: true; readonly words: string; readonly value: T; readonly detail?: string | undefined }
  | { readonly ok: false; readonly words: string; readonly detail?: string | undefined };

/**
 * One durable step that people can follow: `started` is written before the effect, `done` or `failed` after it. At a crash in
 * between the effect runs again, so each effect looks before it acts. An error of the store leaves the step undone: the
 * runner tries it again.
 */
export const step = <T>(
  env: Env,
  steps: Steps,
  repair: RepairId,
  name: StepName,
  effect: () => Promise<StepEnd<T>>,
): Promise<StepEnd<T>> =>
  steps.run(name, async () => {
    await env.store.stepStarted(repair, name, env.clock.now());
    const end = await effect();
    const told = end.ok
      ? ({ state: "done", words: end.words, detail: end.detail ?? null } as const)
      : ({ state: "failed", words: end.words, detail: end.detail ?? null } as const);
    await env.store.stepEnded(repair, name, told, env.clock.now());
    return end;
  });
