import { seededRandom } from "../../random.ts";
import type { Action } from "../actions.ts";
import { databaseMs } from "../belay.ts";
import { createRig } from "../rig.ts";
import { createWatchman } from "../watchman.ts";
import {
  castOf,
  diskLocksOf,
  firstChoices,
  groupChoices,
  groupsOf,
  mendAll,
  randomEngine,
  randomHosts,
  savesOf,
  savingChoices,
  togetherChoices,
  togetherOf,
} from "./cloud.ts";
import { drawDeed, drawPause } from "./deeds.ts";
import { byPeople, leftOfSaving, stillTold, unsettled } from "./settled.ts";

/** One step of a schedule: a fault, a loss, a death of Belay or a deed of a person; `afterMs` from the step before. */
export interface Step {
  readonly afterMs: number;
  readonly action: Action;
}
export type Schedule = readonly Step[];

export interface Breach {
  readonly atMs: number;
  readonly words: string;
}

export interface Played {
  /** The steps that took place: what cannot happen at the moment is none. Played again with the same seed it is the same run. */
  readonly schedule: Schedule;
  /** Everything that was done and when, also what mended it all in the end. */
  readonly script: readonly { readonly atMs: number; readonly action: Action }[];
  /** What was broken, each thing once. */
  readonly broken: readonly Breach[];
  /** Timers of the virtual clock that fired: answers, messages, looks… After each of them the watchman looks. */
  readonly instants: number;
  readonly untilMs: number;
}

/** Longer than everything that may still be at work once the world is well: a repair of three rounds, then the sweep. */
const calmMs = 150_000;
/** So long nothing has to be left to do before it is believed. */
const quietMs = 4000;
const sliceMs = 1000;
const lastsMs = 1300;
const beginMs = 3000;
/** Deeds that are drawn at one instant until one of them can happen. */
const draws = 12;

export const playSchedule = (schedule: Schedule, seed: number): Promise<Played> =>
  play(seed, async ({ pass, step }) => {
    for (const { afterMs, action } of schedule) {
      await pass(afterMs);
      await step(action);
    }
  });

/** Long enough for restart limits and exhausted patience, short enough to be understood. */
export const stepsPerSchedule = 200;

/** Draws the steps while it plays: each is one that can happen. The same seed gives the same run. */
export const playRandom = (seed: number, steps = stepsPerSchedule): Promise<Played> =>
  play(seed, async ({ pass, step, taken }) => {
    const random = seededRandom(seed, "schedule");
    const cast = castOf(random, savesOf(seed), togetherOf(seed));
    // A world in which nothing can happen any more would else be waited for without end.
    for (let pauses = 0; taken() < steps && pauses < 4 * steps; pauses++) {
      await pass(drawPause(random));
      for (let draw = 0; draw < draws; draw++) if (await step(drawDeed(random, cast))) break;
    }
  });

interface Stage {
  pass(ms: number): Promise<void>;
  /** Does it, and whether it could be done. */
  step(action: Action): Promise<boolean>;
  taken(): number;
}

/**
 * Plays steps on the production engine, looks at the invariants after every step and after every timer in between, then mends everything
 * and lets time pass: in the end each VM is as it should be, or a person has been told why not and can put it right.
 */
async function play(seed: number, steps: (stage: Stage) => Promise<void>): Promise<Played> {
  const rig = await createRig({ hosts: randomHosts, diskLocks: diskLocksOf(seed), seed, engine: randomEngine });
  const startMs = rig.clock.now();
  const breaches = new Map<string, Breach>();
  const schedule: Step[] = [];
  const script: { atMs: number; action: Action }[] = [];
  let stepAtMs = 0;

  const sinceStart = () => rig.clock.now() - startMs;
  const tell = (words: string) => {
    if (!breaches.has(words)) breaches.set(words, { atMs: sinceStart(), words });
  };
  const watchman = createWatchman(rig);
  const look = () => {
    for (const words of watchman.glance()) tell(words);
  };
  const pass = (ms: number) => rig.clock.advance(ms, look);
  const act = async (action: Action): Promise<boolean> => {
    if ((await rig.act(action)) === undefined) return false;
    script.push({ atMs: sinceStart(), action });
    look();
    return true;
  };

  await act({ do: "belay-starts" });
  await pass(beginMs);
  for (const action of firstChoices) await act(action);
  for (const action of savesOf(seed) ? savingChoices : []) await act(action);
  for (const action of groupsOf(seed) ? groupChoices : []) await act(action);
  for (const action of togetherOf(seed) ? togetherChoices : []) await act(action);
  stepAtMs = sinceStart();
  await steps({
    pass,
    taken: () => schedule.length,
    async step(action) {
      const took = await act(action);
      if (took) {
        schedule.push({ afterMs: sinceStart() - stepAtMs, action });
        stepAtMs = sinceStart();
      }
      return took;
    },
  });
  for (const action of mendAll(togetherOf(seed))) await act(action);
  await calm(() => isEmpty(unsettled(rig)), pass);
  for (const words of await lasting(() => unsettled(rig), pass)) tell(words);
  let done = false;
  for (const action of byPeople(rig)) {
    if (!(await act(action))) continue;
    done = true;
    await pass(2000);
  }
  if (done || !isEmpty(stillTold(rig))) await calm(() => isEmpty(unsettled(rig)) && isEmpty(stillTold(rig)), pass);
  const atTheEnd = () => [...unsettled(rig), ...stillTold(rig), ...leftOfSaving(rig)];
  for (const words of await lasting(atTheEnd, pass)) tell(words);
  for (const { level, words, facts } of rig.log) if (level === "error") tell(`${words} ${JSON.stringify(facts)}`);
  const untilMs = sinceStart();
  rig.close();
  await rig.clock.advance(databaseMs.drawn.max); // what the database was still asked comes to its end
  if (rig.clock.pending() > 0) tell(`${rig.clock.pending()} timers were left behind.`);
  return { schedule, script, broken: [...breaches.values()], instants: rig.clock.fired(), untilMs };
}

const isEmpty = (found: Iterable<string>): boolean => found[Symbol.iterator]().next().done === true;

/** What is so, and still so a little later: a guest may just be held for a capture. */
async function lasting(found: () => Iterable<string>, pass: (ms: number) => Promise<void>): Promise<string[]> {
  const first = new Set(found());
  if (first.size === 0) return [];
  await pass(lastsMs);
  return [...found()].filter((words) => first.has(words));
}

/** Lets time pass until nothing is left to do, and stays so for a while. */
async function calm(isSettled: () => boolean, pass: (ms: number) => Promise<void>): Promise<void> {
  for (let passedMs = 0, quiet = 0; passedMs < calmMs && quiet < quietMs; passedMs += sliceMs) {
    await pass(sliceMs);
    quiet = isSettled() ? quiet + sliceMs : 0;
  }
}
