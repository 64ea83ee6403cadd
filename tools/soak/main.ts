/** `npm run lab -- soak [--minutes N] [--seed S]`: random faults in a lab of its own; ends with what was broken, if anything. */
import { parseArgs } from "node:util";
import { labDown, labUp } from "../../lab/index.ts";
import { seededRandom } from "../../lib/sim/index.ts";
import { createBoard } from "../kit/board.ts";
import { explain, Failure } from "../kit/failure.ts";
import { interruptedExitCode, watchInterruption } from "../kit/interruption.ts";
import { setUp } from "../setup/set-up.ts";
import { openFaultLab } from "../stack/fault-lab.ts";
import { soak } from "./soak.ts";

const number = (text: string, option: string): number => {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Failure(`--${option} ${text}: a number above 0 is wanted.`, "npm run lab -- soak --minutes 10");
};

const guests = { "soak-1": "host-1", "soak-2": "host-2", "soak-3": "host-3", "soak-4": "host-1" };

async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string", default: String(Date.now() % 100_000) },
      json: { type: "boolean" },
    },
  });
  const forMs = number(values.minutes, "minutes") * 60_000;
  const seed = number(values.seed, "seed");
  const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  const { signal } = watchInterruption();
  const board = createBoard();
  await setUp({ for: "start", board, signal });
  board.close();
  const undos: (() => Promise<void>)[] = [];
  const name = `soak-${process.pid}`;
  try {
    undos.push(() => labDown(name));
    await labUp({ name, hosts: 3, signal });
    const fault = await openFaultLab({ lab: { name }, guests, log, onEnd: (undo) => void undos.push(undo) });
    log(`soaking for ${values.minutes} minutes with seed ${seed}`);
    const { next } = seededRandom(seed, "soak");
    const result = await soak({ fault, forMs, random: next, signal, log });
    const injected = Object.values(result.faults).reduce((sum, count) => sum + count, 0);
    console.log(
      JSON.stringify(
        { soak: name, seed, minutes: forMs / 60_000, injected, ...result },
        null,
        values.json ? undefined : 2,
      ),
    );
    log(
      result.broken.length === 0
        ? `${injected} faults, no invariant broken. Another schedule: npm run lab -- soak --minutes ${values.minutes} --seed ${seed + 1}`
        : `${result.broken.length} invariants broken. Again with the same faults: npm run lab -- soak --minutes ${values.minutes} --seed ${seed}`,
    );
    return result.broken.length === 0 ? 0 : 1;
  } catch (error) {
    log(signal.aborted ? "interrupted" : explain(error));
    return signal.aborted ? interruptedExitCode : 1;
  } finally {
    for (const undo of undos.reverse()) await undo().catch((error: unknown) => log(explain(error)));
  }
}

process.exit(await run(process.argv.slice(3)));
