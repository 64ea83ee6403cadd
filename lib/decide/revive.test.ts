import { describe, expect, test } from "vitest";
import { vmStateNames, vmStateReasons } from "../model/index.ts";
import { reviveAction } from "./revive.ts";

const cases = [
  ["running", "none", "nothing"],
  ["stopped", "crashed", "start"],
  ["stopped", "destroyed", "start"],
  ["stopped", "migrated", "give-up"],
  ["crashed", "panicked", "destroy"],
  ["paused", "crashed", "destroy"],
  ["paused", "watchdog", "destroy"],
  ["paused", "io-error", "resume"],
  ["paused", "user", "resume"],
  ["paused", "migration", "wait"],
  ["paused", "save", "wait"],
  ["paused", "postcopy-failed", "give-up"],
  ["suspended", "none", "wake"],
  ["stopping", "none", "wait"],
] as const;

describe("revive-vm by status", () => {
  test.each(cases)("%s (%s) → %s", (state, reason, action) => {
    expect(reviveAction({ state, reason })).toBe(action);
  });

  test("a guest that hangs is reset while it runs, and only then", () => {
    for (const state of vmStateNames) {
      for (const reason of vmStateReasons) {
        const sight = { state, reason };
        expect(reviveAction(sight, true)).toBe(state === "running" ? "reset" : reviveAction(sight));
      }
    }
  });

  test("a domain that is gone is started from its definition", () => expect(reviveAction(undefined)).toBe("start"));

  test("what is switched off is only ever a guest that panicked or hangs", () => {
    for (const state of vmStateNames) {
      for (const reason of vmStateReasons) {
        if (reviveAction({ state, reason }) !== "destroy") continue;
        expect(state === "crashed" || (state === "paused" && ["crashed", "watchdog"].includes(reason))).toBe(true);
      }
    }
  });
});
