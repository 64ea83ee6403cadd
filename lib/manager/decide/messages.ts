import type { ProviderEvent } from "../../contract/index.ts";
import { yieldedByHand } from "./by-hand.ts";
import { type Context, say } from "./context.ts";
import { answerTo } from "./proposals.ts";
import { keptIds, keptRepairs, type ManagerState, type Repair, repairOpen } from "./state.ts";
import { concluded, yielded } from "./troubles.ts";

/** A message of the provider's. Taken in before, it changes nothing. */
export function hear(state: ManagerState, event: ProviderEvent, context: Context): ManagerState {
  if (state.seen.includes(event.id)) return state;
  const seen = { ...state, seen: [...state.seen, event.id].slice(-keptIds) };
  const { data: message } = event;
  const subject = event.subject ?? null;
  switch (message.kind) {
    case "vm.failed":
    case "maintenance.ended":
      return seen;
    case "diagnosis.asked":
      if (context.now >= message.answerBy) return seen;
      return {
        ...seen,
        questions: {
          ...seen.questions,
          [event.id]: { id: event.id, subject, vm: message.vm, answerBy: message.answerBy },
        },
      };
    case "diagnosis.answered":
      return concluded(seen, message.question, message.conclusion, context);
    case "maintenance.announced": {
      const { maintenance } = context.description.answers;
      if (maintenance === "wait" || !message.actions.includes(maintenance) || context.vmNamed(message.vm) === undefined)
        return seen;
      return say(seen, context, {
        key: `maintenance/${event.id}`,
        subject,
        message: { kind: "maintenance.answered", work: message.work, vmId: message.vm.id, action: maintenance },
        until: message.startsAt,
      });
    }
    default:
      return ofRepair(seen, event, message, context);
  }
}

/** Room for a message's way. */
const answerEarlyMs = 2_000;

type OfRepair = Extract<ProviderEvent["data"], { repair: string }>;

function ofRepair(known: ManagerState, event: ProviderEvent, message: OfRepair, context: Context): ManagerState {
  const before = known.repairs[message.repair];
  const sequence = Number(event.sequence);
  // Messages may overtake each other on their way: an older one says nothing any more, and an ended repair is ended.
  if (before !== undefined && (!repairOpen(before) || sequence <= before.sequence)) return known;
  const begins = message.kind !== "repair.changed" || message.state === "fallback";
  const ours = begins ? context.vmNamed(message.vm) : undefined;
  const state = ours === undefined ? known : yieldedByHand(yielded(known, ours), ours);
  const subject = event.subject ?? null;
  const set = (stage: Repair["stage"], to = state): ManagerState => ({
    ...to,
    repairs: bounded({
      ...to.repairs,
      [message.repair]: { id: message.repair, vm: message.vm, subject, sequence, changedAt: context.now, stage },
    }),
  });

  switch (message.kind) {
    case "repair.proposed": {
      const answer = answerTo(message, before?.stage.is === "postponed", context);
      if (answer.is === "silent") return set({ is: "silent", why: answer.why });
      const key = `answer/${event.id}`;
      if (answer.is === "say")
        return set(
          { is: "answered", how: howOf(answer.message.kind) },
          say(state, context, { key, subject, message: answer.message, until: message.answerBy }),
        );
      const { until, words } = answer;
      return set(
        // "By then": an answer at that very instant is silence already.
        { is: "postponed", until: until - answerEarlyMs, answer: answer.later },
        say(state, context, {
          key,
          subject,
          message: { kind: "repair.postponed", repair: message.repair, until, words },
          until: message.answerBy,
        }),
      );
    }
    case "vm.restarted": {
      if (context.vmNamed(message.vm) === undefined)
        return set({ is: "silent", why: "The VM is in no description of this manager." });
      if (context.now >= message.finishBy) return set({ is: "silent", why: "The time to finish had passed." });
      const { generation, address, from, finishBy } = message;
      const run = `${generation}.${sequence}`;
      return set(
        { is: "finishing", run, generation, address, from, finishBy, phase: null },
        withoutAnswers(state, message.repair),
      );
    }
    case "repair.changed":
      if (message.state === "repaired" || message.state === "handed-over" || message.state === "cleared")
        return set({ is: "ended", how: message.state }, withoutAnswers(state, message.repair));
      // The provider goes on alone, whatever was said before, also that we failed: the VM is in its hand, and is being replaced.
      if (message.state === "fallback") return set({ is: "silent", why: message.words });
      return before === undefined ? set({ is: "silent", why: message.words }) : set(before.stage);
  }
}

const howOf = (kind: string) =>
  kind === "repair.accepted" ? "accepted" : kind === "repair.chosen" ? "chosen" : "declined";

/** Answers that were not taken before the repair went on are of no use any more. */
const withoutAnswers = (state: ManagerState, repair: string): ManagerState => ({
  ...state,
  outbox: state.outbox.filter(({ message }) => !("repair" in message && message.repair === repair)),
});

/** The oldest that ended go first. */
function bounded(repairs: Record<string, Repair>): Record<string, Repair> {
  const all = Object.values(repairs);
  if (all.length <= keptRepairs) return repairs;
  const ended = all.toSorted((a, b) => Number(repairOpen(a)) - Number(repairOpen(b)) || a.changedAt - b.changedAt);
  const gone = new Set<string>(ended.slice(0, all.length - keptRepairs).map(({ id }) => id));
  return Object.fromEntries(Object.entries(repairs).filter(([id]) => !gone.has(id)));
}
