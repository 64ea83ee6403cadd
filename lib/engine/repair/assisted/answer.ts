import { type AnswerStanding, answerTo, type Offer } from "../../../decide/index.ts";
import type { EpochMs, RepairId } from "../../../model/index.ts";
import { sayChanged } from "../../conversation/say.ts";
import { deadlineOf, graceMs, heardWithin } from "../../conversation/wait.ts";
import type { Env } from "../../env.ts";
import type { StepEnd } from "../step.ts";
import { notOurs, vmWork } from "../work.ts";
import type { Run } from "./run.ts";

export type Answered = Exclude<AnswerStanding, { readonly kind: "waiting" }>;

/** What the customer said of this repair, with when it was taken. */
export const heardOf = async (env: Env, repair: RepairId) =>
  (await env.store.heardOf(repair)).map(({ at, message }) => ({ at, message }));

const turnedOff: Answered = {
  kind: "silent",
  words: "Its owner does not repair it together with the provider any more.",
};

/**
 * Waits for the customer's answer, at most until the deadline, or until when they asked to wait. The deadline is an instant by the time of
 * day; should that be set back meanwhile, also while Belay was down, the wait is not longer than was agreed, or than the provider waits for anybody.
 */
export async function awaitAnswer({ env, repair }: Run, offer: Offer): Promise<StepEnd<Answered>> {
  const { clock } = env;
  let until: EpochMs = offer.answerBy;
  const { answerWithinMs } = await env.store.agreementOf((await vmWork(env, repair)).vm.id);
  const { answerMostMs } = await env.store.policy();
  let deadlineMs = deadlineOf(env, until, answerWithinMs);
  const found = await heardWithin<StepEnd<Answered>>(
    env,
    () => deadlineMs,
    async () => {
      const { vm } = await vmWork(env, repair);
      const ended = await notOurs(env, repair, vm);
      if (ended !== undefined) return { ok: false, words: ended };
      if ((await env.store.modeOf(vm.id)) !== "collaborative")
        return { ok: true, words: turnedOff.words, value: turnedOff };
      const heard = await heardOf(env, repair);
      const over = clock.monotonicMs() >= deadlineMs;
      const standing = answerTo(offer, heard, over ? Number.POSITIVE_INFINITY : clock.now() - graceMs);
      if (standing.kind !== "waiting") return { ok: true, words: standing.words, value: standing };
      if (standing.until === until) return undefined;
      until = standing.until;
      deadlineMs = deadlineOf(env, until, answerMostMs);
      const words = `It waits, as its owner's manager asked: ${standing.postponed ?? ""}`.trimEnd();
      await sayChanged(env, repair, "waiting", words, `waiting/${until}`);
      return undefined;
    },
  );
  if (found !== undefined) return found;
  const last = answerTo(offer, await heardOf(env, repair), Number.POSITIVE_INFINITY);
  return last.kind === "waiting"
    ? { ok: false, words: "The wait for an answer did not end." } // cannot be: nothing is later than that
    : { ok: true, words: last.words, value: last };
}
