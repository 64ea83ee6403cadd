import { expect, test } from "vitest";
import { type Advice, type AdviceQuestion, adviseInterval, priorMtbfMs } from "./advice.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const question = (more: Partial<AdviceQuestion> = {}): AdviceQuestion => ({
  memoryMiB: 256,
  method: "background",
  measured: { costMs: 100, tookMs: 700 },
  failures: { count: 0, observedMs: 10 * day },
  toleratedLossMs: null,
  limits: { leastMs: 1_000, mostMs: day },
  stored: null,
  generationsKept: 8,
  everyMs: null,
  ...more,
});
const saying = (advice: Advice) => advice.words.join(" ");

test.each<[string, Partial<AdviceQuestion>, number, RegExp]>([
  [
    "without a history, one failure in 30 days is assumed",
    {},
    12 * minute,
    /not seen to fail, so one failure in 30 days/,
  ],
  ["by its own history", { failures: { count: 10, observedMs: 10 * day } }, 2 * minute, /failed 10 times: every 24 h/],
  ["once", { failures: { count: 1, observedMs: 10 * day } }, 7 * minute, /failed once: every 10 days/],
  ["by the loss that is tolerated", { toleratedLossMs: 8_000 }, 7_000, /at most 8 s of work, it must be shorter/],
  ["never below 5 % of its time", { toleratedLossMs: 2_000 }, 2_000, /more than 5 % of the guest's time/],
  [
    "never below what a capture takes",
    { measured: { costMs: 100, tookMs: 90_000 }, toleratedLossMs: 10_000 },
    90_000,
    /cannot be kept: a capture takes 1 min 30 s/,
  ],
  ["from the provider's least", { limits: { leastMs: 30 * minute, mostMs: day } }, 30 * minute, /from 30 min/],
  ["up to the provider's most", { limits: { leastMs: 1_000, mostMs: 60_000 } }, 60_000, /up to 1 min\./],
  ["by what is typical where nothing was measured", { measured: null }, 8 * minute, /Assumed of one of its size/],
  ["where a guest is stopped for it", { method: "stop", measured: null }, 40 * minute, /stands still for 1\.1 s/],
])("suggests %s", (_, more, everyMs, words) => {
  const advice = adviseInterval(question(more));
  expect(advice.suggestedEveryMs).toBe(everyMs);
  expect(saying(advice)).toMatch(words);
});

test("what cannot be promised is said", () => {
  expect(saying(adviseInterval(question({ toleratedLossMs: 2_000 })))).toMatch(
    /loss of at most 2 s cannot be promised: it may be 2\.7 s/,
  );
});

test.each<[string, number, Partial<AdviceQuestion>, Partial<NonNullable<Advice["chosen"]>>, RegExp | null]>([
  ["7 s", 7_000, {}, { averageLossMs: 3_500, mostLossMs: 7_700 }, null],
  ["1 s, which costs too much", 1_000, {}, { overheadPercent: 10 }, /more than 5 % of the guest's time\.$/],
  [
    "1 s, which cannot be kept",
    1_000,
    { measured: { costMs: 30, tookMs: 3_000 } },
    { keptEveryMs: 3_000, averageLossMs: 1_500, mostLossMs: 6_000, overheadPercent: 1 },
    /so there is one every 3 s\.$/,
  ],
  [
    "less than is offered",
    1_000,
    { limits: { leastMs: 5_000, mostMs: day } },
    {},
    /below what your provider offers, 5 s/,
  ],
  ["more than is offered", 2 * day, {}, {}, /above what your provider offers, 24 h/],
])("says what a choice means: %s", (_, everyMs, more, outlook, words) => {
  const advice = adviseInterval(question({ everyMs, ...more }));
  expect(advice.chosen).toMatchObject(outlook);
  if (words !== null) expect(saying(advice)).toMatch(words);
  else expect(saying(advice)).not.toMatch(/What you chose/);
});

test("storage grows with what changes in an interval, up to all of it in each", () => {
  const stored = { bytesEach: 10, everyMs: 1_000, wholeBytes: 200 };
  const bytes = (everyMs: number) => adviseInterval(question({ stored, everyMs })).chosen?.changesBytes;
  expect(bytes(2_000)).toBe(7 * 20);
  expect(bytes(minute)).toBe(7 * 200);
  expect(adviseInterval(question({ everyMs: 7_000 })).chosen?.changesBytes).toBeNull();
});

test("the prior is 30 days, and is told as assumed", () => {
  expect(adviseInterval(question()).mtbf).toEqual({ ms: priorMtbfMs, measured: false });
});
