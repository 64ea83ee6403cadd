import { expect, test } from "vitest";
import { type Cause, type IncidentState, idSource, type Repair, type TechniqueName } from "../../model/index.ts";
import { isLeftToPeople } from "./left-to-people.ts";

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
const incident = (cause: Cause, state: IncidentState, ...repairs: Repair[]) => ({ cause, state, repairs });
const leftDefined = repaired("relocate", "leave it defined");
const stopped = repaired("group-restore", "own disk", "stop with the group");
const givenUp = repaired("group-restore", "own disk", "stop with the group", "give the group up");
const back = repaired("group-restore", "own disk", "stop with the group", "back with the group");

test.each([
  ["it vanished, and may run elsewhere", incident("vanished", "handed-over"), true],
  ["it runs twice", incident("two-copies", "handed-over"), true],
  ["its start elsewhere was given up", incident("host-lost", "handed-over", leftDefined), true],
  ["it runs elsewhere, and is silent", incident("host-lost", "handed-over", repaired("relocate", "verify")), false],
  ["its owner allowed it no more", incident("host-lost", "handed-over", repaired("relocate", "leave it off")), false],
  ["its group was given up", incident("group-failed", "handed-over", givenUp), true],
  ["its group was stopped, and had no room then", incident("group-failed", "handed-over", stopped), false],
  ["its group was stopped, and goes on", incident("group-failed", "open", stopped), false],
  ["it went back with its group, and is silent", incident("group-failed", "handed-over", back), false],
  ["its group went back, and was given up later", incident("group-failed", "handed-over", back, givenUp), true],
  ["its group was given up after a host of it failed", incident("group-failed", "handed-over", stopped, givenUp), true],
  ["it had no room", incident("host-lost", "handed-over", repaired("relocate", "place")), false],
  ["nobody may start it elsewhere", incident("host-lost", "handed-over"), false],
  ["it died", incident("qemu-died", "handed-over", repaired("revive-vm", "bring up")), false],
] as const)("where %s: %s", (_, it, expected) => {
  expect(isLeftToPeople(it)).toBe(expected);
});

test("one without an incident is nobody's", () => {
  expect(isLeftToPeople(undefined)).toBe(false);
});
