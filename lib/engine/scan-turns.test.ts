import { describe, expect, it } from "vitest";
import { turnOf } from "./scan-turns.ts";

const everyMs = 2_000;

describe("whose turn it is to be scanned", () => {
  it("a few hosts follow their own last scan", () => {
    expect(turnOf(0, everyMs)(12_345)).toBe(14_345);
    expect(turnOf(15, everyMs)(12_345)).toBe(14_345);
  });

  it.each([16, 700, 2_499])("host %i comes after at most one period, and keeps its place", (nth) => {
    const turn = turnOf(nth, everyMs);
    for (const now of [0, 1, 999.5, 123_456]) {
      const next = turn(now);
      expect(next).toBeGreaterThan(now);
      expect(next).toBeLessThanOrEqual(now + everyMs);
      expect(turn(next)).toBeCloseTo(next + everyMs, 6);
    }
  });

  it("thousands that scanned at once lie apart the next time, evenly", () => {
    const due = new Map<number, number>();
    for (let nth = 0; nth < 2_500; nth++) {
      const slot = Math.floor(turnOf(nth, everyMs)(50_000) / 100);
      due.set(slot, (due.get(slot) ?? 0) + 1);
    }
    expect(Math.max(...due.values())).toBeLessThanOrEqual(2_500 / 20 + 16 + 2);
  });
});
