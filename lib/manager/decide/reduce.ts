import type { z } from "zod";
import type { customerView, ProviderEvent } from "../../contract/index.ts";
import type { Problem } from "../servers.ts";
import { begunByHand, byHandTick, endedByHand, type Ordered } from "./by-hand.ts";
import { type Context, say } from "./context.ts";
import { hear } from "./messages.ts";
import type { CustomerWords, ManagerState, Repair } from "./state.ts";
import { actionEnded, serverDown, serverWell, troublesTick } from "./troubles.ts";

export type Phase = Extract<CustomerWords, { kind: "repair.phase" }>["phase"];
type CustomerView = z.infer<typeof customerView>;

export type Input =
  | { readonly is: "message"; readonly event: ProviderEvent }
  | { readonly is: "taken"; readonly id: string }
  /** `again`: it may be said once we are the active manager again. */
  | { readonly is: "refused"; readonly id: string; readonly again: boolean }
  | { readonly is: "tick" }
  | {
      readonly is: "progress";
      readonly repair: string;
      readonly run: string;
      readonly phase: Phase;
      readonly percent: number | null;
      readonly words: string;
    }
  | {
      readonly is: "finished";
      readonly repair: string;
      readonly run: string;
      readonly ok: boolean;
      readonly words: string;
    }
  | { readonly is: "looked"; readonly question: string; readonly view: CustomerView }
  | { readonly is: "server-down"; readonly server: string; readonly view: CustomerView; readonly words: string }
  | { readonly is: "server-well"; readonly server: string }
  /** A person wants it repaired now. Refused (`againstByHand`), it changes nothing. */
  | { readonly is: "by-hand"; readonly ordered: Ordered }
  /** `problem`: it failed. */
  | { readonly is: "action-ended"; readonly key: string; readonly problem: Problem | null };

/** What follows from what came in. The same state back: nothing does. */
export function reduce(state: ManagerState, input: Input, context: Context): ManagerState {
  switch (input.is) {
    case "message":
      return hear(state, input.event, context);
    case "taken":
      return withoutSaying(state, input.id);
    case "refused":
      return input.again ? state : withoutSaying(state, input.id);
    case "tick":
      return tick(state, context);
    case "progress": {
      const repair = finishing(state, input.repair, input.run);
      if (repair === undefined) return state;
      const { phase, percent, words } = input;
      const [id, was] = [input.repair, repair.stage.phase];
      // Of a phase that goes on only the newest figure is worth saying.
      const outbox = state.outbox.filter(
        ({ message }) =>
          !(message.kind === "repair.phase" && message.repair === id && message.phase === phase && was === phase),
      );
      const next = withStage({ ...state, outbox }, repair, { ...repair.stage, phase });
      return say(next, context, {
        key: `phase/${id}/${input.run}/${phase}/${percent ?? ""}/${words}`,
        subject: repair.subject,
        message: { kind: "repair.phase", repair: repair.id, phase, percent, words: words.slice(0, 2000) },
        until: repair.stage.finishBy,
      });
    }
    case "finished": {
      const repair = finishing(state, input.repair, input.run);
      if (repair === undefined) return state;
      return say(withStage(state, repair, { is: "reported", ok: input.ok }), context, {
        key: `finished/${input.repair}/${input.run}`,
        subject: repair.subject,
        message: {
          kind: input.ok ? "repair.completed" : "repair.failed",
          repair: repair.id,
          words: input.words.slice(0, 2000),
        },
        until: repair.stage.finishBy,
      });
    }
    case "looked": {
      const { [input.question]: asked, ...questions } = state.questions;
      if (asked === undefined) return state;
      const next = { ...state, questions };
      if (context.now >= asked.answerBy) return next;
      return say(next, context, {
        key: `looked/${asked.id}`,
        subject: asked.subject,
        message: { kind: "diagnosis.answered", question: asked.id, customer: input.view },
        until: asked.answerBy,
      });
    }
    case "server-down":
      return serverDown(state, input.server, input.view, input.words, context);
    case "server-well":
      return serverWell(state, input.server);
    case "by-hand":
      return begunByHand(state, input.ordered, context);
    case "action-ended":
      return endedByHand(actionEnded(state, input.key, input.problem, context), input.key, context);
  }
}

type Finishing = Repair & { readonly stage: Extract<Repair["stage"], { is: "finishing" }> };

function finishing(state: ManagerState, id: string, run: string): Finishing | undefined {
  const one = state.repairs[id];
  return one?.stage.is === "finishing" && one.stage.run === run ? { ...one, stage: one.stage } : undefined;
}

const withStage = (state: ManagerState, repair: Repair, stage: Repair["stage"]): ManagerState => ({
  ...state,
  repairs: { ...state.repairs, [repair.id]: { ...repair, stage } },
});

const withoutSaying = (state: ManagerState, id: string): ManagerState =>
  state.outbox.some((one) => one.id === id) ? { ...state, outbox: state.outbox.filter((one) => one.id !== id) } : state;

/** Deadlines that have come. */
function tick(state: ManagerState, context: Context): ManagerState {
  const { now } = context;
  let next = state;
  for (const repair of Object.values(state.repairs)) {
    const { stage } = repair;
    if (stage.is === "postponed" && now >= stage.until)
      next = say(withStage(next, repair, { is: "answered", how: "accepted" }), context, {
        key: `postponed/${repair.id}/${stage.until}`,
        subject: repair.subject,
        message: stage.answer,
      });
    // The provider's fallback has begun: what we would still do, we would do to another VM than we think.
    if (stage.is === "finishing" && now >= stage.finishBy)
      next = withStage(next, repair, { is: "silent", why: "The time to finish has passed." });
  }
  const late = Object.values(next.questions).filter(({ answerBy }) => now >= answerBy);
  if (late.length > 0) {
    const questions = Object.fromEntries(Object.entries(next.questions).filter(([, one]) => now < one.answerBy));
    next = { ...next, questions };
  }
  if (next.outbox.some(({ until }) => until !== null && now >= until))
    next = { ...next, outbox: next.outbox.filter(({ until }) => until === null || now < until) };
  return troublesTick(byHandTick(next, now), context);
}
