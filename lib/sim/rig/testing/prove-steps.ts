import { join } from "node:path";
import { expect, test } from "vitest";
import type { TechniqueName } from "../../../model/index.ts";
import { guestAnswers } from "../../world/run.ts";
import { type StepTrick, stepTricks } from "../belay.ts";
import { createRig, type Rig } from "../rig.ts";
import { readScenario, type Scenario } from "../scenario.ts";
import { createWatchman } from "../watchman.ts";

const scenarios = join(import.meta.dirname, "..", "..", "scenarios");

export interface Proof {
  /** The technique and what it is to repair. */
  readonly name: string;
  /** What happens: a scenario's folder, or one written here. Belay must start in it once and not be killed by it. */
  readonly start: string | Omit<Scenario, "name" | "database">;
  /** What Belay does to the world, in the world's words, and may not do more often because of a trick. */
  readonly effect?: RegExp;
  /** Techniques that are as good as each other here: a Belay that was just started may take one where it would have taken the other. */
  readonly alike?: readonly [TechniqueName, TechniqueName];
  /** From the end of the scenario until a restarted Belay has come to the same end by itself. */
  readonly moreMs?: number;
}

const sliceMs = 250;
const pausesMs = [50, 3000];
const starts = /^libvirt on \S+ starts /;

/** How it ended, without times and ids: what every run has to come to. */
function endOf(rig: Rig, effect: RegExp, alike: Proof["alike"]): string[] {
  const { world } = rig.cloud;
  const vms = world.hosts().flatMap((host) =>
    [...host.domains.values()].map((domain) => {
      const answers = guestAnswers(world, domain) ? "answers" : "silent";
      return `${domain.name} on ${host.name}: ${domain.state}, ${answers}`;
    }),
  );
  const { incidents, repairs, vms: rows } = rig.store.tables;
  const told = [...incidents.values()].map((it) => {
    const subject = it.vmId === null ? "host" : rows.get(it.vmId)?.vm.name;
    return `${subject}: ${it.cause} ${it.state}`;
  });
  const name = (technique: TechniqueName) => (alike?.includes(technique) ? alike.join(" or ") : technique);
  const done = [...repairs.values()].map((it) => `${name(it.technique)} ${it.state}`);
  const effects = world
    .history()
    .flatMap(({ words }) => (effect.test(words) ? [words.replace(/, which (loses|brings back) .*$/, "")] : []));
  return [...vms.sort(), ...told.sort(), ...done.sort(), ...effects.sort()];
}

async function play(
  scenario: Omit<Scenario, "name" | "database">,
  { effect = starts, alike }: Pick<Proof, "effect" | "alike">,
  untilMs: number,
  trick?: StepTrick,
  pauseMs = 0,
) {
  const rig = await createRig({ hosts: scenario.hosts, engine: scenario.engine, seed: scenario.seed });
  const startMs = rig.clock.now();
  const watchman = createWatchman(rig);
  const wrong = new Set<string>();
  const look = () => {
    for (const words of watchman.glance()) wrong.add(words);
  };
  const pass = (ms: number) => rig.clock.advance(ms, look);
  let crashes = trick?.how.startsWith("crash") === true;
  if (trick) rig.belay.playTrick(trick);

  const until = async (atMs: number) => {
    for (let left = startMs + atMs - rig.clock.now(); left > 0; left = startMs + atMs - rig.clock.now()) {
      await pass(Math.min(left, sliceMs));
      if (!crashes || rig.belay.aliveSince() !== undefined || rig.belay.stepsBegun().length === 0) continue;
      crashes = false;
      await pass(pauseMs);
      await rig.act({ do: "belay-starts" });
    }
  };
  for (const { atMs, action } of scenario.steps) {
    await until(atMs);
    await rig.act(action);
  }
  await until(untilMs);
  for (const { level, words, facts } of rig.log) if (level === "error") wrong.add(`${words} ${JSON.stringify(facts)}`);
  const end = endOf(rig, effect, alike);
  rig.close();
  return { wrong: [...wrong], end, steps: [...rig.belay.stepsBegun()] };
}

/**
 * A test of every durable step that the technique takes: done twice, failed once before and after its effect, Belay killed before and
 * after it. The end has to be the one of the untroubled run, and no invariant may be broken on the way. The steps come from that run.
 */
export function proveSteps({ name, start, moreMs = 60_000, ...told }: Proof): void {
  test(`each step of ${name} may be done twice, fail once, or be cut off by a death of Belay`, {
    timeout: 180_000,
  }, async () => {
    const scenario = typeof start === "string" ? await readScenario(scenarios, start) : start;
    const untilMs = scenario.untilMs + moreMs;
    const plain = await play(scenario, told, untilMs);
    expect(plain.wrong).toEqual([]);
    expect(plain.steps.length).toBeGreaterThan(0);
    const wrong: string[] = [];
    for (const [index, step] of plain.steps.entries())
      for (const how of stepTricks)
        for (const pauseMs of how.startsWith("crash") ? pausesMs : [0]) {
          const played = await play(scenario, told, untilMs, { step: index + 1, how }, pauseMs);
          const where = `${how}, step ${index + 1} "${step}"${pauseMs > 0 ? `, back after ${pauseMs} ms` : ""}`;
          wrong.push(...played.wrong.map((words) => `${where}: ${words}`));
          if (played.end.join("\n") !== plain.end.join("\n"))
            wrong.push(
              `${where}: it ended otherwise:\n  ${played.end.join("\n  ")}\nand untroubled:\n  ${plain.end.join("\n  ")}`,
            );
        }
    expect(wrong).toEqual([]);
  });
}
