import { expect, test } from "vitest";
import { explain } from "../kit/failure.ts";
import { faults } from "./faults.ts";
import { readSoakOptions } from "./options.ts";
import { turnOf } from "./schedule.ts";

const turns = (seed: number, from = 1) =>
  Array.from({ length: 40 }, (_, at) => {
    const { fault, ...rest } = turnOf(seed, from + at);
    return { ...rest, fault: fault.name };
  });

test("each turn is of its seed and number alone: what could not be done in one changes no other", () => {
  expect(turns(11)).toEqual(turns(11));
  expect(turns(11, 5).slice(0, 36)).toEqual(turns(11).slice(4)); // also where those before were never asked for
  expect(turns(11)).not.toEqual(turns(12));
});

test("turns differ from one another, and every fault has its turn", () => {
  const seen = Array.from({ length: 400 }, (_, number) => turnOf(1, number));
  expect(new Set(seen.map((it) => it.fault.name))).toEqual(new Set(faults.map((it) => it.name)));
  expect(new Set(seen.map((it) => it.whom)).size).toBeGreaterThan(390);
});

test("options are read, or refused with what can be typed", () => {
  const refusal = (...args: string[]): string => {
    try {
      readSoakOptions(args, { seed: 7 });
      return "nothing was refused";
    } catch (error) {
      return explain(error);
    }
  };
  expect(readSoakOptions([], { seed: 7 })).toEqual({ minutes: 10, seed: 7, json: false });
  expect(readSoakOptions(["--minutes", "0.5", "--seed", "0", "--json"], { seed: 7 })).toEqual({
    ...{ minutes: 0.5, seed: 0, json: true },
  });
  const cure = "\n  cure: npm run lab -- soak [--minutes N] [--seed S] [--json]";
  expect(refusal("--minutes", "x")).toBe(`--minutes x: a number above 0 is wanted.${cure}`);
  expect(refusal("--seed", "1.5")).toBe(`--seed 1.5: a whole number, 0 or more, is wanted.${cure}`);
  expect(refusal("--hours", "1")).toBe(`Unknown option '--hours'${cure}`);
  expect(refusal("--minutes")).toContain(cure);
  expect(refusal("now")).toContain(cure);
});
