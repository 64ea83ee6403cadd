import fc from "fast-check";
import { expect, test } from "vitest";
import { percentile, summary } from "./stats.ts";

test.each([
  [[15, 20, 35, 40, 50], 5, 15],
  [[15, 20, 35, 40, 50], 30, 20],
  [[15, 20, 35, 40, 50], 40, 20],
  [[15, 20, 35, 40, 50], 50, 35],
  [[15, 20, 35, 40, 50], 100, 50],
  [[3, 6, 7, 8, 8, 10, 13, 15, 16, 20], 95, 20],
  [[7], 99, 7],
  [[1, 2], 50, 1],
])("nearest rank of %j at %d %% is %d", (sorted, percent, expected) => {
  expect(percentile(sorted, percent)).toBe(expected);
});

test("samples come in any order and are left as they were", () => {
  const samples = [9, 1, 5];
  expect(summary(samples)).toEqual({ samples: 3, min: 1, p50: 5, p95: 9, p99: 9, max: 9 });
  expect(samples).toEqual([9, 1, 5]);
});

test("no sample has no percentile: a run that measured nothing meets no target", () => {
  expect(summary([])).toEqual({ samples: 0, min: null, p50: null, p95: null, p99: null, max: null });
});

test("rounds to the digits asked for", () => {
  expect(summary([1.23456]).p50).toBe(1.235);
  expect(summary([1.23456], 0).p50).toBe(1);
});

test("a percentile was measured, and enough samples do not exceed it", () => {
  const samples = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const value = percentile(
        values.toSorted((a, b) => a - b),
        percent,
      );
      expect(values).toContain(value);
      const within = values.filter((one) => value !== undefined && one <= value).length;
      expect(within * 100).toBeGreaterThanOrEqual(percent * values.length);
    }),
  );
});
