import { setTimeout as sleep } from "node:timers/promises";
import { labDown, labNames } from "../../lab/index.ts";
import { explain } from "../kit/failure.ts";
import { endProcess } from "../kit/identity.ts";
import { leftBetween, type MachineState, machineState } from "./machine-state.ts";
import { failed, passed, type Tally } from "./tally.ts";

const settleMs = 10_000;
const part = "nothing is left on the machine";

export interface Sweep {
  /** Whether the run left anything; what it left is then removed, so that the next run starts clean. */
  finish(): Promise<Tally>;
}

/** Looks at the machine before the tests. `mark` is in the environment of everything that they start. */
export async function beginSweep(mark: string): Promise<Sweep> {
  const before = await machineState(mark);
  const labsBefore = new Set(await labNames());
  return {
    async finish() {
      let left = leftBetween(before, await machineState(mark));
      // What was told to end may need a moment to be gone.
      for (
        const until = Date.now() + settleMs;
        left.processes.length + left.things.length > 0 && Date.now() < until;
      ) {
        await sleep(200);
        left = leftBetween(before, await machineState(mark));
      }
      const labs = (await labNames()).filter((name) => !labsBefore.has(name));
      const words = [
        ...labs.map((name) => `lab ${name}`),
        ...left.things,
        ...left.processes.map(({ pid, words }) => `process ${pid}: ${words}`),
      ];
      if (words.length === 0) return passed(part);
      const trouble = await remove(labs, before, mark);
      return failed(part, [...words.map((one) => `left: ${one}`), ...trouble].join("\n"));
    },
  };
}

/** Labs first: their processes end with them. */
async function remove(labs: readonly string[], before: MachineState, mark: string): Promise<string[]> {
  const trouble: string[] = [];
  for (const name of labs) await labDown(name).catch((error) => void trouble.push(explain(error)));
  for (const one of leftBetween(before, await machineState(mark)).processes)
    await endProcess(one, 5_000).catch((error) => void trouble.push(explain(error)));
  return trouble;
}
