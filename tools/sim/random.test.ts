import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { playRandomSchedules, type RandomOptions } from "./random.ts";
import { scenarioNames, tellAll } from "./scenarios.ts";

async function run(options: Partial<RandomOptions>) {
  const lines: string[] = [];
  const output = { print: (line: string) => void lines.push(line), tell: () => undefined };
  return { well: await playRandomSchedules({ seed: 3, steps: 300, ...options }, output), text: lines.join("\n") };
}

test("a campaign says that it is simulated, what it did, and what to do next", async () => {
  const { well, text } = await run({});
  expect(well).toBe(true);
  expect(text).toMatch(/^SIMULATED: 300 random steps in 2 schedules/);
  expect(text).toContain("Next: other schedules  npm run sim -- random --seed 4");
});

test("as JSON the same seed says the same, but for the time it took", async () => {
  const { stepsPerSecond, instantsPerSecond, seconds, ...rest } = JSON.parse((await run({ json: true })).text);
  expect(rest).toMatchObject({ simulated: true, seed: 3, steps: 300, violations: 0, broken: [] });
  expect(JSON.parse((await run({ json: true })).text)).toMatchObject(rest);
});

test("two processes share a campaign without playing a schedule twice", async () => {
  const parts = [];
  for (const part of [0, 1]) parts.push(JSON.parse((await run({ json: true, steps: 200, part, of: 2 })).text));
  const whole = JSON.parse((await run({ json: true, steps: 400 })).text);
  expect(parts[0].instants + parts[1].instants).toBe(whole.instants);
});

test("a name that cannot be a scenario's, or is one already, is refused before anything is played", async () => {
  await expect(run({ save: "../x" })).rejects.toThrow("no name for a scenario");
  const [taken] = await scenarioNames();
  await expect(run({ save: taken })).rejects.toThrow("already");
});

test("an empty folder has no scenarios", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "belay-scenarios-"));
  expect(await tellAll(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});
