import { createEngine, type Engine, type EngineOptions, type Log } from "../../engine/index.ts";
import type { Ids } from "../../engine/ports.ts";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import { createLife, type KillPoint, type Life } from "../life.ts";
import { type Random, seededRandom } from "../random.ts";
import { type MemoryJournal, memoryJournal } from "../runner/journal.ts";
import { type Around, memoryRunner } from "../runner/memory-runner.ts";
import type { SimulatedCloud } from "../simulated-cloud.ts";
import { slow } from "../slow.ts";
import type { MemoryStore } from "../store/memory-store.ts";

/** A call's way to the database and back. In a story it takes no time, so that its lines follow from their causes alone. */
export const databaseMs = { drawn: { min: 0, max: 4 }, none: { min: 0, max: 0 } } as const;
export type Database = keyof typeof databaseMs;

/** What a durable step must bear: done twice, failed once before its effect or after it, and a death on either side of it. */
export const stepTricks = ["run-twice", "fail-before", "fail-after", "crash-before", "crash-after"] as const;

/** Played on the `step`th effect from the first start on (1 is the first). */
export interface StepTrick {
  readonly step: number;
  readonly how: (typeof stepTricks)[number];
}

/** The production engine as a process that can be killed at any call and started again on what it left. */
export interface Belay {
  start(): void;
  kill(): void;
  killAt(point: KillPoint): void;
  playTrick(trick: StepTrick): void;
  /** The durable steps whose effects were begun, in order, in all lives. */
  stepsBegun(): readonly string[];
  /** Since when it has been alive; undefined while it is dead. */
  aliveSince(): number | undefined;
  /** Calls of ports that the newest life has made. */
  calls(): readonly string[];
  readonly journal: MemoryJournal;
  /** Starts and deaths: they change what Belay is answerable for. */
  changes(): number;
}

export function createBelay(
  clock: VirtualClock,
  cloud: SimulatedCloud,
  store: MemoryStore,
  log: Log,
  seed: number,
  options: Partial<EngineOptions>,
  databaseTakes: Database,
  ids: Ids,
): Belay {
  const journal = memoryJournal();
  let life: Life | undefined;
  let startedAt = 0;
  let starts = 0;
  const stepsBegun: string[] = [];
  let trick: StepTrick | undefined;

  const aroundIn =
    (current: Life): Around =>
    async (name, effect) => {
      const how = stepsBegun.push(name) === trick?.step ? trick.how : undefined;
      if (how === "run-twice") await effect();
      if (how === "fail-before") throw new Error("The step failed, as planned.");
      if (how === "crash-before") current.kill();
      const result = await effect(); // in a dead process its first call does not return
      if (how === "crash-after") current.kill();
      if (how === "fail-after") throw new Error("The step failed when it was done, as planned.");
      return result;
    };

  function begin(current: Life, random: Random): Engine {
    const database = <P extends object>(name: string, port: P) =>
      current.wrap(name, slow(port, clock, random, databaseMs[databaseTakes]));
    return createEngine(
      {
        clock: current.clock,
        hypervisor: current.wrapHypervisor(cloud.hypervisor),
        prober: current.wrap("prober", cloud.prober),
        fence: current.wrap("fence", cloud.fence),
        helpers: current.wrapHelpers(cloud.helpers),
        hooks: current.wrap("hooks", cloud.hooks),
        checkpoints: current.wrapCheckpoints(cloud.checkpoints),
        provisioner: current.wrap("provisioner", cloud.provisioner),
        ids,
        store: database("store", store.engine),
        wakes: current.wrap("wakes", store.wakes),
        runner: memoryRunner({
          journal: database("journal", journal),
          clock: current.clock,
          log,
          around: aroundIn(current),
        }),
        log,
      },
      options,
    );
  }

  return {
    journal,
    start() {
      if (life?.alive()) throw new Error("Belay runs already.");
      const now = () => cloud.world.wall.at(clock.now());
      life = createLife({ now, monotonicMs: clock.monotonicMs, after: clock.after });
      startedAt = clock.now();
      const { start } = begin(life, seededRandom(seed, `database of start ${++starts}`));
      start().catch((error: unknown) => log.error("the engine did not start", { error: String(error) }));
    },
    kill: () => life?.kill(),
    killAt: (point) => life?.killAt(point),
    playTrick(given) {
      trick = given;
    },
    stepsBegun: () => stepsBegun,
    aliveSince: () => (life?.alive() ? startedAt : undefined),
    changes: () => starts * 2 + (life?.alive() ? 1 : 0),
    calls: () => life?.calls() ?? [],
  };
}
