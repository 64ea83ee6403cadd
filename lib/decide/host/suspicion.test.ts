import { describe, expect, test } from "vitest";
import { firstHeard, healthOf, heard, phiOf, type Suspicion } from "./suspicion.ts";

/** A host that was heard of with these gaps. */
const rhythmOf = (gapsMs: readonly number[]): Suspicion => {
  let at = 0;
  return gapsMs.reduce((it, gapMs) => {
    at += gapMs;
    return heard(it, at);
  }, firstHeard(0));
};
const times = (count: number, gapMs: (index: number) => number) => Array.from({ length: count }, (_, i) => gapMs(i));

const even = rhythmOf(times(60, () => 500));
const jittery = rhythmOf(times(60, (i) => (i % 3 === 0 ? 900 : 300)));
const busy = rhythmOf(times(400, () => 20));

describe("how overdue a host is", () => {
  const table: [string, Suspicion, number, string][] = [
    ["an even rhythm, in time", even, 500, "green"],
    ["an even rhythm, one beat late", even, 1_000, "green"],
    ["an even rhythm, just before yellow", even, 1_200, "green"],
    ["an even rhythm, 1.3 s", even, 1_300, "yellow"],
    ["an even rhythm, 2 s", even, 2_000, "yellow"],
    ["an even rhythm, 2.5 s", even, 2_500, "red"],
    ["a host first heard of, 1.3 s", firstHeard(0), 1_300, "yellow"],
    ["a busy host that falls quiet, 1 s", busy, 1_000, "green"],
    ["a busy host, 2.5 s", busy, 2_500, "red"],
    ["an uneven rhythm gets a little longer, 1.3 s", jittery, 1_300, "green"],
    ["an uneven rhythm, and yet not for ever: 3.3 s", jittery, 3_300, "red"],
  ];
  test.each(table)("%s", (_, suspicion, silentMs, health) => {
    const now = suspicion.lastAt + silentMs;
    expect(healthOf(suspicion, now)).toMatchObject({ health, silentMs });
  });

  test("grows with the silence, without a jump back and without an overflow", () => {
    const phis = times(400, (i) => phiOf(even, even.lastAt + i * 100));
    for (const [i, phi] of phis.entries()) expect(phi).toBeGreaterThanOrEqual(phis[i - 1] ?? 0);
    expect(Number.isFinite(phiOf(even, even.lastAt + 10 * 86_400_000))).toBe(true);
  });

  test("an outage does not make us more patient", () => {
    const back = heard(even, even.lastAt + 3_600_000);
    expect(healthOf(back, back.lastAt + 2_500).health).toBe("red");
  });

  test("what is older than the newest changes nothing", () => {
    expect(heard(even, even.lastAt - 1)).toBe(even);
    expect(healthOf(even, even.lastAt - 5_000)).toMatchObject({ health: "green", silentMs: 0 });
  });
});
