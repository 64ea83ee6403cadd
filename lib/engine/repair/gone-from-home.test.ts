import { expect, test } from "vitest";
import { hostNumber } from "../../decide/testing/clouds.ts";
import { idSource, type Repair, type TechniqueName } from "../../model/index.ts";
import { wasLetGo } from "./gone-from-home.ts";

let born = 0;
const ids = idSource(
  () => ++born,
  () => 0.5,
);
const [began, given] = [hostNumber(1), hostNumber(2)];
const whole = ids.next("inc");

const repair = (technique: TechniqueName, ...names: string[]): Repair => ({
  ...{ id: ids.next("rep"), incidentId: ids.next("inc"), vmId: null, technique, state: "handed-over", words: "" },
  ...{ plannedAt: 1, finishedAt: 3 },
  steps: names.map((name) => ({
    ...{ name, state: "done", attempts: 1, words: "", detail: null, startedAt: 2, finishedAt: 3 },
  })),
});
const group = repair("group-restore", "the group's turn", "stop with the group");

test.each([
  ["its host was told to forget it", began, null, repair("relocate", "old host", "place"), true],
  ["its host had failed, and the proof was only waited for", began, whole, repair("relocate", "old host"), false],
  ["it was given to the host that does not know it", given, whole, repair("relocate", "old host", "claim (2)"), true],
  ["it was given away with its group", given, whole, group, true],
  ["its group went back at home", began, null, group, false],
  ["it was only started again at home", began, null, repair("revive-vm", "bring up"), false],
  ["a person moved it while it was repaired", given, null, repair("revive-vm", "bring up"), false],
] as const)("where %s, Belay took it away: %s", (_, hostId, partOf, it, expected) => {
  expect(wasLetGo({ hostId: began, partOf, repairs: [it] }, { hostId })).toBe(expected);
});
