import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asScenario, type Campaign, type Played, playCampaign, playRandom, shrink } from "../../lib/sim/index.ts";
import { Failure } from "../kit/failure.ts";
import { scenarioFolder, scenarioNames } from "./scenarios.ts";

export interface RandomOptions {
  readonly seed: number;
  readonly steps: number;
  /** Plays this one schedule of a campaign again, by the seed that the campaign named. */
  readonly schedule?: number | undefined;
  readonly json?: boolean | undefined;
  /** Writes what was found as a scenario of that name. */
  readonly save?: string | undefined;
  /** Counts what is broken instead of stopping at the first. */
  readonly goOn?: boolean | undefined;
  /** Every `of`th schedule of the campaign, from `part`: for several processes. */
  readonly part?: number | undefined;
  readonly of?: number | undefined;
}

export interface Output {
  /** The result, on stdout. */
  print(line: string): void;
  /** Progress, on stderr. */
  tell(line: string): void;
}

const count = (value: number) => Math.round(value).toLocaleString("en-US");

/**
 * Plays random schedules until the steps are done; at the first that breaks an invariant it stops and shrinks it. True when nothing
 * was broken.
 */
export async function playRandomSchedules(options: RandomOptions, output: Output): Promise<boolean> {
  const { save, json = false, seed } = options;
  if (save !== undefined) await checkName(save);
  const begun = performance.now();
  const played = options.schedule === undefined ? await campaign(options, output) : await one(options.schedule);
  const seconds = (performance.now() - begun) / 1000;
  const [found] = played.broken;
  const small = found && (await shrink(found.played, found.seed));
  const files = found && small && asScenario(small, found.seed);
  if (files && save !== undefined) await write(save, files);

  const result = {
    ...{ simulated: true, seed, schedules: played.schedules, steps: played.steps, instants: played.instants },
    ...{ seconds: Number(seconds.toFixed(2)), stepsPerSecond: Math.round(played.steps / seconds) },
    ...{ instantsPerSecond: Math.round(played.instants / seconds), violations: played.broken.length },
    broken: played.broken.map((it) => ({ seed: it.seed, broken: it.played.broken })),
    ...(small && { shrunk: small.schedule }),
  };
  if (json) output.print(JSON.stringify(result));
  else for (const line of inWords(options, result, files)) output.print(line);
  return played.broken.length === 0;
}

function campaign(options: RandomOptions, { tell }: Output): Promise<Campaign> {
  const { seed, steps, part, of, goOn = false } = options;
  const begun = performance.now();
  let done = 0;
  let toldAt = begun;
  return playCampaign({
    ...{ seed, steps },
    ...(part !== undefined && { part }),
    ...(of !== undefined && { of }),
    onPlayed({ schedule, broken }) {
      done += schedule.length;
      const now = performance.now();
      if (now - toldAt > 2000) {
        toldAt = now;
        const perSecond = count((done / (now - begun)) * 1000);
        tell(`SIMULATED: ${count(done)} of ${count(steps)} steps, ${perSecond} a second`);
      }
      return goOn || broken.length === 0;
    },
  });
}

async function one(schedule: number): Promise<Campaign> {
  const played: Played = await playRandom(schedule);
  const broken = played.broken.length > 0 ? [{ seed: schedule, played }] : [];
  return { schedules: 1, steps: played.schedule.length, instants: played.instants, broken };
}

async function checkName(name: string): Promise<void> {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    throw new Failure(`"${name}" is no name for a scenario`, "small letters, digits and dashes: crash-in-mid-repair");
  if ((await scenarioNames()).includes(name))
    throw new Failure(`there is a scenario ${name} already`, "choose another name");
}

async function write(name: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(scenarioFolder, name));
  for (const [file, text] of Object.entries(files)) await writeFile(join(scenarioFolder, name, file), text);
}

function inWords(
  { save, seed }: RandomOptions,
  result: Omit<Campaign, "broken"> & {
    seconds: number;
    stepsPerSecond: number;
    broken: { seed: number; broken: Played["broken"] }[];
  },
  files: Record<string, string> | undefined,
): string[] {
  const said = [
    `SIMULATED: ${count(result.steps)} random steps in ${count(result.schedules)} schedules, ${result.seconds} s (${count(result.stepsPerSecond)} steps a second).`,
    `The invariants were looked at after each step and after each of the ${count(result.instants)} things that followed.`,
  ];
  const [first] = result.broken;
  if (first === undefined || files === undefined)
    return [...said, "Nothing was broken.", "", `Next: other schedules  npm run sim -- random --seed ${seed + 1}`];
  const broken = first.broken.map(({ atMs, words }) => `  ${(atMs / 1000).toFixed(1)} s  ${words}`);
  const again = `npm run sim -- random --schedule ${first.seed}`;
  if (save !== undefined)
    return [
      ...[...said, `The schedule of seed ${first.seed} broke this:`, ...broken, ""],
      ...[
        `The shortest way to it is the scenario lib/sim/scenarios/${save}.`,
        `Next: see it told  npm run sim -- ${save}`,
      ],
    ];
  const folder = Object.entries(files).flatMap(([file, text]) => [`--- ${file}`, text.trimEnd()]);
  return [
    ...[
      ...said,
      `The schedule of seed ${first.seed} broke this:`,
      ...broken,
      "",
      "The shortest way to it, as a scenario:",
    ],
    ...[...folder, "", `Next: keep it and see it told  ${again} --save NAME`],
  ];
}
