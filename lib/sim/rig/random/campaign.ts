import { seededRandom } from "../../random.ts";
import { type Played, playRandom, stepsPerSchedule } from "./play.ts";

export interface CampaignOptions {
  readonly seed: number;
  readonly steps: number;
  /** Several processes share one campaign: this one plays every `of`th schedule, from number `part`. */
  readonly part?: number;
  readonly of?: number;
  /** Hears each schedule as it ends; false ends the campaign. */
  onPlayed?(played: Played, seed: number): boolean;
}

/** What was played. Each step took place, and the invariants were looked at after it and after each instant that followed. */
export interface Campaign {
  readonly schedules: number;
  readonly steps: number;
  readonly instants: number;
  readonly broken: readonly { readonly seed: number; readonly played: Played }[];
}

/** The seed of a campaign's schedule: with it alone the schedule is played again. */
export const seedOf = (campaign: number, number: number): number =>
  seededRandom(campaign, `schedule ${number}`).between(1, 2 ** 31 - 1);

/** Random schedules from a seed until so many steps are done. The same seed is the same campaign. */
export async function playCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seed, steps: wanted, part = 0, of = 1, onPlayed = () => true } = options;
  const broken: { seed: number; played: Played }[] = [];
  let [schedules, steps, instants] = [0, 0, 0];
  const frames = Error.stackTraceLimit;
  Error.stackTraceLimit = 0; // thousands of errors are thrown on purpose, and nobody reads where
  for (let number = part; steps < wanted; number += of) {
    const ofThis = seedOf(seed, number);
    const played = await playRandom(ofThis, Math.min(stepsPerSchedule, wanted - steps));
    schedules++;
    steps += played.schedule.length;
    instants += played.instants;
    if (played.broken.length > 0) broken.push({ seed: ofThis, played });
    if (!onPlayed(played, ofThis)) break;
  }
  Error.stackTraceLimit = frames;
  return { schedules, steps, instants, broken };
}
