import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { Failure } from "../kit/failure.ts";
import { nodeArguments } from "../kit/project.ts";
import { tellAll } from "../sim/scenarios.ts";
import { whole } from "./flags.ts";
import { measurement } from "./types.ts";

const command = fileURLToPath(new URL("../sim.ts", import.meta.url));
const said = z.object({
  schedules: z.number(),
  steps: z.number(),
  instants: z.number(),
  seconds: z.number(),
  stepsPerSecond: z.number(),
  broken: z.array(z.object({ seed: z.number() })),
});

/** One process's share of the campaign. */
async function playPart(options: { seed: number; steps: number; part: number; of: number; signal: AbortSignal }) {
  const { signal, ...numbers } = options;
  const words = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [...nodeArguments, command, "random", "--json", "--go-on", ...words], {
    ...{ signal, stdio: ["ignore", "pipe", "inherit"] },
  });
  if (child.stdout === null) throw new Error("the process has no output");
  const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const [output, code] = await Promise.all([text(child.stdout), ended]);
  if (output.trim() === "") throw new Failure(`a process of the simulation ended with ${code} and said nothing`);
  return said.parse(JSON.parse(output));
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

export const bench = measurement({
  name: "sim",
  summary: "SIMULATED: random steps a second with all invariants looked at after each; every scenario",
  flags: {
    steps: whole("N", 1_000_000, "random steps in all"),
    seed: whole("S", 1, "the same seed is the same steps", 0),
    processes: whole("P", availableParallelism(), "how many processes share them"),
  },
  async run({ signal, log }, { steps, seed, processes }) {
    log("SIMULATED: every scenario");
    const scenariosBegun = performance.now();
    const told = await tellAll();
    const seconds = (performance.now() - scenariosBegun) / 1000;
    const failed = told.filter((it) => !it.passed).map((it) => it.name);

    log(`SIMULATED: ${steps} random steps from seed ${seed} in ${processes} processes`);
    const begun = performance.now();
    const parts = await Promise.all(
      Array.from({ length: processes }, (_, part) =>
        playPart({ seed, steps: Math.ceil(steps / processes), part, of: processes, signal }),
      ),
    );
    const wallSeconds = (performance.now() - begun) / 1000;
    const done = sum(parts.map((it) => it.steps));
    const instants = sum(parts.map((it) => it.instants));
    return {
      simulated: true,
      step: "a fault, loss, death or deed of a random schedule that took place; one that cannot happen is not counted",
      instant: "a timer of the virtual clock that fired; the invariants are looked at after each instant and each step",
      stepsPerSecond: Math.round(done / wallSeconds),
      stepsPerSecondOfEachProcess: parts.map((it) => it.stepsPerSecond),
      instantsPerSecondInAll: Math.round(instants / wallSeconds),
      ...{ processes, steps: done, instants, schedules: sum(parts.map((it) => it.schedules)) },
      violations: sum(parts.map((it) => it.broken.length)),
      brokenBySeeds: parts.flatMap((it) => it.broken.map((one) => one.seed)),
      scenarios: told.length - failed.length,
      scenariosFailed: failed,
      seconds: Number(seconds.toFixed(2)),
      target:
        "stepsPerSecond (of all processes, by default one for each core) ≥ 5000, violations 0 over ≥ 1,000,000 steps, scenarios ≥ 80, their seconds ≤ 60",
    };
  },
});
