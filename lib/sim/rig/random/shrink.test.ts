import { expect, test } from "vitest";
import type { Action } from "../actions.ts";
import { asScenario } from "./as-scenario.ts";
import { type Played, playSchedule, type Schedule } from "./play.ts";
import { kindOf, shrink } from "./shrink.ts";

const on = (vm: string): Action => ({ do: "kill-qemu", vm });
const steps = (...vms: string[]): Schedule => vms.map((vm) => ({ afterMs: 5000, action: on(vm) }));

/** An engine that breaks when web-1 is killed and, any time later, web-2. */
const fake = async (schedule: Schedule): Promise<Played> => {
  const names = schedule.map(({ action }) => ("vm" in action ? action.vm : ""));
  const first = names.indexOf("web-1");
  const breaks = first >= 0 && names.indexOf("web-2", first) > first;
  const broken = breaks ? [{ atMs: 1, words: "2: web-1 has 2 open repairs." }] : [];
  return { schedule, script: [], broken, instants: 0, untilMs: 1 };
};

test("what is left are the steps that matter, in their order, without pauses that do not", async () => {
  const long = steps("web-3", "web-2", "web-3", "web-1", "web-3", "web-3", "web-2", "web-3", "web-1");
  const small = await shrink(await fake(long), 1, { play: fake });
  expect(small.schedule).toEqual([
    { afterMs: 0, action: on("web-1") },
    { afterMs: 0, action: on("web-2") },
  ]);
});

test("it plays no more often than it may", async () => {
  let plays = 0;
  const counted = (schedule: Schedule) => {
    plays++;
    return fake(schedule);
  };
  await shrink(await fake(steps("web-1", "web-3", "web-3", "web-3", "web-2")), 1, { plays: 4, play: counted });
  expect(plays).toBe(4);
});

test.each([
  ["2: web-1 has 2 open repairs.", "2:"],
  ["In the end: web-1 is gone.", "In the end:"],
])("%s is of the kind %s", (words, kind) => expect(kindOf(words)).toBe(kind));

test("a schedule becomes the files of a scenario, with every deed at its time", async () => {
  const played = await playSchedule(steps("web-1"), 3);
  expect(played.broken).toEqual([]);
  const files = asScenario({ ...played, broken: [{ atMs: 9000, words: "2: twice." }] }, 3);
  expect(files["README.md"]).toContain("2: twice.");
  const { script, ...rest } = JSON.parse(files["script.json"]);
  expect(rest).toMatchObject({ seed: 3, untilMs: 11_000 });
  const [first, ...rows] = script;
  const [fault] = rows.filter((row: { do: string }) => row.do !== "choose");
  expect([first, fault]).toEqual([
    { atMs: 0, do: "belay-starts" },
    { atMs: 8000, do: "kill-qemu", vm: "web-1" },
  ]);
});
