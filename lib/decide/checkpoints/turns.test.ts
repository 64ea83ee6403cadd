import { describe, expect, test } from "vitest";
import {
  begun,
  failed,
  firstTurn,
  nextOf,
  pauseAfter,
  placeOf,
  putOff,
  readyMs,
  succeeded,
  withInterval,
} from "./turns.ts";

const vms = Array.from({ length: 400 }, (_, n) => `vm_${String(n).padStart(20, "0")}`);

describe("a VM's place in its period", () => {
  test("is its own: VMs of one host do not stand still together", () => {
    const tenths = new Array<number>(10).fill(0);
    for (const vm of vms) {
      const tenth = Math.floor(placeOf(vm, 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(count).toBeGreaterThan(400 / 10 / 2);
  });
  test.each([1_000, 7_000, 86_400_000])("comes again after each %d ms, and no later", (everyMs) => {
    for (const vm of vms.slice(0, 20)) {
      const next = nextOf(vm, everyMs, 123_456);
      expect(next).toBeGreaterThan(123_456);
      expect(next).toBeLessThanOrEqual(123_456 + everyMs);
      expect(nextOf(vm, everyMs, next)).toBeCloseTo(next + everyMs, 3);
    }
  });
});

describe("a turn", () => {
  const every = 7_000;
  test("begins soon after it is wanted, within 5 s and within the interval", () => {
    for (const vm of vms) {
      expect(firstTurn(vm, 86_400_000, 50, undefined).dueMs).toBeLessThanOrEqual(50 + 5_000);
      expect(firstTurn(vm, 1_000, 50, undefined).dueMs).toBeLessThanOrEqual(50 + 1_000);
    }
  });
  test("does not drift, however late each capture begins", () => {
    let turn = firstTurn("a", every, 0, undefined);
    turn = begun(turn, "a", turn.dueMs);
    const first = turn.dueMs;
    for (let n = 1; n <= 50; n++) {
      turn = begun(turn, "a", turn.dueMs + 90);
      expect(turn.dueMs).toBeCloseTo(first + n * every, 3);
    }
  });
  test("is not due twice where a timer came early", () => {
    const turn = begun({ everyMs: every, dueMs: nextOf("a", every, 0), notBeforeMs: 0, failures: 0 }, "a", 0);
    expect(turn.dueMs).toBeCloseTo(nextOf("a", every, 0) + every, 3);
  });
  test("of a capture that takes longer than the interval is over when it ends: the next begins right after", () => {
    const turn = begun({ everyMs: 2_000, dueMs: 1_000, notBeforeMs: 0, failures: 0 }, "a", 1_000);
    expect(readyMs(turn)).toBeLessThanOrEqual(3_000);
  });
  test.each([
    [1, 5_000],
    [2, 10_000],
    [4, 40_000],
    [7, 300_000],
    [60, 300_000],
  ])("after %d failures in a row waits %d ms", (failures, ms) => {
    expect(pauseAfter(failures)).toBe(ms);
  });
  test("counts failures until one succeeds", () => {
    const turn = failed(failed(firstTurn("a", every, 0, undefined), 1_000), 2_000);
    expect(turn).toMatchObject({ failures: 2, notBeforeMs: 12_000 });
    expect(readyMs(turn)).toBe(12_000);
    expect(succeeded(turn).failures).toBe(0);
  });
  test("that is put off is due at once when that is over, and no failure", () => {
    const turn = putOff(firstTurn("a", every, 0, undefined), 100, 2_000);
    expect(turn).toMatchObject({ failures: 0 });
    expect(readyMs(turn)).toBe(2_100);
  });
  test("follows another interval from now on", () => {
    const turn = withInterval(firstTurn("a", 86_400_000, 0, 0), "a", 1_000, 500);
    expect(turn.dueMs).toBeLessThanOrEqual(1_500);
    expect(withInterval(turn, "a", 1_000, 9_999)).toBe(turn);
  });
});
