import { expect, test } from "vitest";
import type { DomainSight } from "../ports.ts";
import { isLeftOff, madeWords } from "./made.ts";

test.each<[string, boolean, Pick<DomainSight, "state" | "reason"> | undefined, boolean]>([
  ["a person's stop is left", false, { state: "stopped", reason: "destroyed" }, true],
  ["Belay's own, of a take-back that was cut short, is not", true, { state: "stopped", reason: "destroyed" }, false],
  ["one that died is started", false, { state: "stopped", reason: "crashed" }, false],
  ["one that is not there yet is started", false, undefined, false],
])("%s", (_, takingBack, sight, expected) => {
  expect(isLeftOff({ takingBack }, sight)).toBe(expected);
});

test.each([
  ["running", "booted", "It was made and started."],
  ["stopped", "destroyed", "It was made, and switched off since."],
  ["stopped", "shutdown", "It was made, and switched off since."],
  ["stopped", "crashed", "It was made."],
  ["stopped", "failed", "It was made."],
  ["unknown", "none", "It was made."],
])("of one that is %s (%s) its owner is told: %s", (state, reason, words) => {
  expect(madeWords({ state, reason })).toBe(words);
});
