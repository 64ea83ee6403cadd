import { type CaptureMethod, intervalWords } from "../../model/index.ts";
import { type CaptureCost, typicalCost } from "./typical.ts";

/** A VM that was never seen to fail is taken to fail this seldom. */
export const priorMtbfMs = 30 * 24 * 60 * 60_000;
/** The most of a guest's time that checkpoints may take, where a suggestion is made. */
const overheadBudget = 0.05;

export interface AdviceQuestion {
  readonly memoryMiB: number;
  /** What works where it runs; null: not probed yet, or nothing does. */
  readonly method: CaptureMethod | null;
  /** As measured; null: no capture yet. */
  readonly measured: CaptureCost | null;
  readonly failures: { readonly count: number; readonly observedMs: number };
  /** The most work that its owner can bear to lose, in ms of work; null: not said. */
  readonly toleratedLossMs: number | null;
  readonly limits: { readonly leastMs: number; readonly mostMs: number };
  /** What one checkpoint put into the store lately, how far apart they were, and how many are kept; null: no figures yet. */
  readonly stored: { readonly bytesEach: number; readonly everyMs: number; readonly wholeBytes: number } | null;
  readonly generationsKept: number;
  /** null: nothing chosen, or off. */
  readonly everyMs: number | null;
}

/** What an interval means. */
export interface Outlook {
  readonly everyMs: number;
  /** What can be kept: a capture does not begin before the one before is whole. */
  readonly keptEveryMs: number;
  /** Work lost by a failure: on average, and at most. */
  readonly averageLossMs: number;
  readonly mostLossMs: number;
  readonly overheadPercent: number;
  /** Roughly, of what changes between the generations that are kept, besides one whole state; null: not known before there are checkpoints. */
  readonly changesBytes: number | null;
}

export interface Advice {
  readonly suggestedEveryMs: number;
  readonly suggested: Outlook;
  readonly chosen: Outlook | null;
  readonly cost: CaptureCost & { readonly measured: boolean };
  readonly mtbf: { readonly ms: number; readonly measured: boolean };
  /** What the suggestion rests on, and each limit that bound it or the choice, in whole sentences. */
  readonly words: readonly string[];
}

/**
 * Young's and Daly's interval, √(2·C·M) − C, for a guest that loses C by each checkpoint and fails every M on average; bound by the work
 * that may be lost, by what a capture takes and costs, and by the provider's limits. Floors win over the tolerated loss: what a capture
 * takes cannot be wished away.
 */
export function adviseInterval(question: AdviceQuestion): Advice {
  const { method, measured, failures, toleratedLossMs, limits, memoryMiB } = question;
  const cost = measured ?? typicalCost(method ?? "background", memoryMiB);
  const costMs = Math.max(1, cost.costMs);
  const mtbf =
    failures.count === 0
      ? { ms: priorMtbfMs, measured: false }
      : { ms: Math.max(1, failures.observedMs / failures.count), measured: true };
  const words = [costWords(cost, measured !== null), mtbfWords(mtbf, failures.count)];

  let everyMs = readable(Math.max(0, Math.sqrt(2 * costMs * mtbf.ms) - costMs));
  words.push(`Least work is lost in the long run (Young and Daly) with one every ${intervalWords(everyMs)}.`);
  const bind = (boundMs: number, isFloor: boolean, why: string) => {
    if (isFloor ? everyMs >= boundMs : everyMs <= boundMs) return;
    everyMs = boundMs;
    words.push(why);
  };
  if (toleratedLossMs !== null) {
    const most = toleratedLossMs - cost.tookMs;
    bind(
      Math.max(1_000, Math.floor(most / 1_000) * 1_000),
      false,
      `To lose at most ${intervalWords(toleratedLossMs)} of work, it must be shorter, for a capture is whole only after ${intervalWords(cost.tookMs)}.`,
    );
  }
  bind(
    wholeSeconds(costMs / overheadBudget),
    true,
    `More often would take more than ${overheadBudget * 100} % of the guest's time.`,
  );
  bind(
    wholeSeconds(cost.tookMs),
    true,
    `More often cannot be kept: a capture takes ${intervalWords(cost.tookMs)} until it is whole.`,
  );
  bind(limits.leastMs, true, `Your provider offers intervals from ${intervalWords(limits.leastMs)}.`);
  bind(limits.mostMs, false, `Your provider offers intervals up to ${intervalWords(limits.mostMs)}.`);

  const outlook = (every: number) => outlookOf(every, cost, costMs, question);
  const chosen = question.everyMs === null ? null : outlook(question.everyMs);
  if (toleratedLossMs !== null && everyMs + cost.tookMs > toleratedLossMs)
    words.push(
      `The loss of at most ${intervalWords(toleratedLossMs)} cannot be promised: it may be ${intervalWords(everyMs + cost.tookMs)}.`,
    );
  return {
    suggestedEveryMs: everyMs,
    suggested: outlook(everyMs),
    chosen,
    cost: { ...cost, measured: measured !== null },
    mtbf,
    words: chosen === null ? words : [...words, ...choiceWords(chosen, cost, limits)],
  };
}

function outlookOf(everyMs: number, cost: CaptureCost, costMs: number, question: AdviceQuestion): Outlook {
  const { stored, generationsKept } = question;
  const keptEveryMs = Math.max(everyMs, cost.tookMs);
  // Guests that change memory at a steady rate change more of it in a longer interval, up to all of it.
  const eachBytes =
    stored === null
      ? null
      : Math.min(stored.wholeBytes, (stored.bytesEach / Math.max(1, stored.everyMs)) * keptEveryMs);
  return {
    everyMs,
    keptEveryMs,
    averageLossMs: Math.round(keptEveryMs / 2),
    mostLossMs: Math.round(keptEveryMs + cost.tookMs),
    overheadPercent: Math.min(100, (100 * costMs) / keptEveryMs),
    changesBytes: eachBytes === null ? null : Math.round((generationsKept - 1) * eachBytes),
  };
}

function choiceWords(chosen: Outlook, { tookMs }: CaptureCost, limits: AdviceQuestion["limits"]): string[] {
  const { everyMs, keptEveryMs, overheadPercent } = chosen;
  if (everyMs < limits.leastMs)
    return [`What you chose is below what your provider offers, ${intervalWords(limits.leastMs)}.`];
  if (everyMs > limits.mostMs)
    return [`What you chose is above what your provider offers, ${intervalWords(limits.mostMs)}.`];
  const words: string[] = [];
  if (keptEveryMs > everyMs)
    words.push(
      `What you chose cannot be kept: a capture takes ${intervalWords(tookMs)}, so there is one every ${intervalWords(keptEveryMs)}.`,
    );
  if (overheadPercent > overheadBudget * 100)
    words.push(`What you chose takes more than ${overheadBudget * 100} % of the guest's time.`);
  return words;
}

const costWords = ({ costMs, tookMs }: CaptureCost, measured: boolean) =>
  measured
    ? `Measured on this VM: the guest stands still for ${intervalWords(costMs)} at each checkpoint, which is whole after ${intervalWords(tookMs)}. Until then it also runs slower, which is not counted here.`
    : `No checkpoint of this VM was taken yet. Assumed of one of its size: it stands still for ${intervalWords(costMs)} at each checkpoint, which is whole after ${intervalWords(tookMs)}. Until then it also runs slower, which is not counted here.`;

const mtbfWords = ({ ms, measured }: Advice["mtbf"], failures: number) =>
  measured
    ? `It failed ${failures === 1 ? "once" : `${failures} times`}: every ${intervalWords(ms)} on average.`
    : `It was not seen to fail, so one failure in ${intervalWords(ms)} is assumed.`;

const wholeSeconds = (ms: number) => Math.ceil(ms / 1_000) * 1_000;

/** Around the best interval the loss hardly changes, so a number that people can read costs nothing. */
function readable(ms: number): number {
  const step = ms < 10_000 ? 1_000 : ms < 60_000 ? 5_000 : ms < 3_600_000 ? 60_000 : 15 * 60_000;
  return Math.max(1_000, Math.round(ms / step) * step);
}
