import { expect, test } from "vitest";
import { idSource, type Repair, type TechniqueName } from "../../../model/index.ts";
import { goesOn, howGroupWent, stoppedBy } from "./standing.ts";

let born = 0;
const ids = idSource(
  () => ++born,
  () => 0.5,
);
const repaired = (technique: TechniqueName, ...names: string[]): Repair => ({
  ...{ id: ids.next("rep"), incidentId: ids.next("inc"), vmId: null, technique, state: "handed-over", words: "" },
  ...{ plannedAt: 1, finishedAt: 3 },
  steps: names.map((name) => ({
    ...{ name, state: "done", attempts: 1, words: "", detail: null, startedAt: 2, finishedAt: 3 },
  })),
});
const waited = repaired("group-restore", "the group's turn");
const alone = repaired("group-restore", "gather", "not with the group", "own disk");
const stopped = repaired("group-restore", "own disk", "stop with the group");
const back = repaired("group-restore", "own disk", "stop with the group", "back with the group");
const givenUp = repaired("group-restore", "give the group up");
const elsewhere = repaired("relocate", "stop with the group");

test.each([
  ["it only waited for its turn", [waited], undefined],
  ["the group did not go back", [alone], undefined],
  ["no repair was of its group", [elsewhere], undefined],
  ["its host failed after it was stopped", [stopped], "stopped"],
  ["and another repair of its group waits", [stopped, waited], "stopped"],
  ["it went back, and its host failed in the next repair", [back, stopped], "stopped"],
  ["the one that took it over gave it up", [stopped, givenUp], "given-up"],
  ["the one that took it over brought it back", [stopped, back], "back"],
] as const)("where %s: %s", (_, repairs, expected) => {
  expect(howGroupWent({ repairs })).toBe(expected);
});

test("what it is made of is noted by the last repair that stopped it", () => {
  expect(stoppedBy({ repairs: [back, stopped, waited] })).toBe(stopped);
  expect(stoppedBy({ repairs: [waited, alone] })).toBeUndefined();
});

test("one that was stopped goes on with its group, whatever else was planned", () => {
  expect(goesOn({ repairs: [stopped] }, { technique: "relocate" })?.technique).toBe("group-restore");
  expect(goesOn({ repairs: [stopped] }, { technique: "group-restore" })).toBeUndefined();
  expect(goesOn({ repairs: [back] })).toBeUndefined();
});
