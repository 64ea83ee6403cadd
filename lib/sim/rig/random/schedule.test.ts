import { expect, test } from "vitest";
import { playCampaign } from "./campaign.ts";
import { playRandom, playSchedule } from "./play.ts";

/** Always the same, so that a red test is red again; other seeds and more steps: SIM_SEED=… SIM_STEPS=…, or `npm run sim -- random`. */
const seed = Number(process.env.SIM_SEED ?? 1);
const steps = Number(process.env.SIM_STEPS ?? 50_000);

test("no schedule of faults, losses and deaths of Belay breaks an invariant", { timeout: 120_000 }, async () => {
  const { broken, steps: done } = await playCampaign({ seed, steps });
  expect(broken.map((it) => ({ seed: it.seed, broken: it.played.broken }))).toEqual([]);
  expect(done).toBe(steps);
});

test("a seed is a run, and the steps that it drew are the same run again", async () => {
  const drawn = await playRandom(4711, 40);
  expect(await playRandom(4711, 40)).toEqual(drawn);
  expect(await playSchedule(drawn.schedule, 4711)).toMatchObject({ script: drawn.script, broken: drawn.broken });
});
