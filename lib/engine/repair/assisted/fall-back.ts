import { fallbackWay, type RunsFrom } from "../../../decide/index.ts";
import type { Fallback } from "../../../model/index.ts";
import { sayChanged } from "../../conversation/say.ts";
import { offByHandWords } from "../off-by-hand.ts";
import { backToOwnDisk, type OwnDisk } from "../restore/own-disk.ts";
import { askService, reviveRounds } from "../revive-rounds.ts";
import { step } from "../step.ts";
import { verify } from "../verify.ts";
import { vmWork } from "../work.ts";
import { goBack, moveAway, reviveHere } from "./bring-back.ts";
import { type End, endTogether } from "./end.ts";
import { replaceByCheckpoint } from "./replace.ts";
import type { Back, Run } from "./run.ts";
import { noMoreAllowed } from "./still-allowed.ts";

/** Where the repair stands when the customer's part, or the first way, came to nothing. */
export interface Standing {
  readonly why: string;
  readonly fallback: Fallback;
  readonly here: boolean;
  /** `untouched`: nothing was done to the VM yet. */
  readonly state:
    | { readonly kind: "untouched" }
    | { readonly kind: "up"; readonly from: RunsFrom; readonly own: OwnDisk | null }
    | { readonly kind: "failed"; readonly own: OwnDisk | null };
}

/** Asks whether it serves as it is. */
async function asItIs(run: Run): Promise<End> {
  const { env, options, repair, steps } = run;
  const answer = await step(env, steps, repair, "verify", async () => {
    const { vm } = await vmWork(env, repair);
    return verify(env, { ...options, answerWithinMs: Math.min(options.answerWithinMs, asItIsWithinMs) }, vm);
  });
  if (!answer.ok) return { kind: "handed-over", words: answer.words };
  if ("died" in answer.value && answer.value.byHand) return { kind: "left-off", words: offByHandWords };
  if ("died" in answer.value) return { kind: "handed-over", words: `It ${answer.value.died}.` };
  return { kind: "repaired", words: "It answers as it is.", tr: answer.value.answeredAt };
}
const asItIsWithinMs = 30_000;

/** It was made anew: its old disk, which was kept, is put back. */
async function oldDiskBack(run: Run, own: OwnDisk): Promise<End> {
  const { env, options, repair, steps } = run;
  const back = await step(env, steps, repair, "back to its own disk", () =>
    backToOwnDisk(env, options, repair, own, true),
  );
  if (!back.ok) return { kind: "handed-over", words: `Its own disk was not put back: ${back.words}` };
  const first = { needed: true, offByUs: true } as const;
  const rounds = await reviveRounds(env, options, repair, steps, first, true, " (from its own disk)", askService);
  if (rounds.kind === "left-off") return rounds;
  return rounds.kind === "answers"
    ? { kind: "repaired", words: "It runs from its own disk again, and answers.", tr: rounds.tr }
    : { kind: "handed-over", words: rounds.words };
}

/** The provider alone, of a VM that was not touched yet. */
async function alone(run: Run, here: boolean, fromCheckpoint: boolean): Promise<End> {
  const { env, repair, steps } = run;
  const back: Back = fromCheckpoint
    ? await goBack(run, here)
    : here
      ? await reviveHere(run, askService, " (fallback)")
      : await moveAway(run, askService);
  if (back.kind === "failed" || back.kind === "locked") return { kind: "handed-over", words: back.words };
  if (back.kind === "not-needed") return { kind: "cleared", words: back.words };
  if (back.kind === "left-off") return back;
  const tr = await steps.run("answered", async () => env.clock.now());
  const { vm } = await vmWork(env, repair);
  const how = back.from === "checkpoint" ? "from its newest checkpoint" : "from its own disk";
  return { kind: "repaired", words: `${vm.name} was started ${how}, and answers again.`, tr };
}

/** The agreed fallback, once, and the repair's end. Told before it begins. */
export async function fallBack(run: Run, standing: Standing): Promise<void> {
  const { env, repair, steps } = run;
  const { why, fallback, here, state } = standing;
  const runsFrom =
    state.kind === "up" ? state.from : state.kind === "failed" && state.own !== null ? "image" : "nothing";
  const way = fallbackWay(fallback, runsFrom);
  const needs = state.kind === "untouched" && !here ? "relocate" : "revive-vm";
  const instead = way.kind === "hand-over" ? undefined : await noMoreAllowed(run, needs, "still allowed (fallback)");
  if (instead !== undefined) return endTogether(run, { ...instead, words: `${why} ${instead.words}` });
  await steps.run("tell the fallback", () => sayChanged(env, repair, "fallback", `${why} ${way.words}`));
  const end = await carryOut();
  return endTogether(run, { ...end, words: `${why} ${end.words}` });

  async function carryOut(): Promise<End> {
    if (way.kind === "hand-over") return { kind: "handed-over", words: way.words };
    const own = state.kind === "untouched" ? null : state.own;
    if (state.kind === "untouched") return alone(run, here, way.kind === "checkpoint");
    if (way.kind === "checkpoint")
      return (await replaceByCheckpoint(run, own)) ?? (own === null ? asItIs(run) : oldDiskBack(run, own));
    if (own !== null) return oldDiskBack(run, own);
    // What failed was a start of its own disk, or of a checkpoint that ended there: there is nothing else to start.
    return state.kind === "up"
      ? asItIs(run)
      : { kind: "handed-over", words: "There is no other way that its owner agreed to." };
  }
}
