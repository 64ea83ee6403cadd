import { describe, expect, test } from "vitest";
import { hostStates, incidentStates, mayBecome, repairStates } from "./states.ts";

const tables: [string, Record<string, { words: string; next: readonly string[]; ended?: boolean }>][] = [
  ["host", hostStates],
  ["incident", incidentStates],
  ["repair", repairStates],
];

describe.each(tables)("%s states", (_, table) => {
  test("lead only to states of the table, and an ended one leads nowhere", () => {
    for (const state of Object.values(table)) {
      for (const next of state.next) expect(table).toHaveProperty(next);
      if (state.ended === true) expect(state.next).toEqual([]);
    }
  });

  test("each have one plain sentence", () => {
    for (const { words } of Object.values(table)) expect(words).toMatch(/^[A-Z].*\.$/);
  });
});

test("no ended repair begins again", () => {
  expect(mayBecome(repairStates, "succeeded", "running")).toBe(false);
  expect(mayBecome(repairStates, "planned", "running")).toBe(true);
});
