/** `npm run lab -- soak [--minutes N] [--seed S]`: random faults in a lab of its own; ends with what was broken, if anything. */
import { labDown, labUp } from "../../lab/index.ts";
import { createBoard } from "../kit/board.ts";
import { explain } from "../kit/failure.ts";
import { interruptedExitCode, watchInterruption } from "../kit/interruption.ts";
import { setUp } from "../setup/set-up.ts";
import { openFaultLab } from "../stack/fault-lab.ts";
import { readSoakOptions } from "./options.ts";
import { soak } from "./soak.ts";

const guests = { "soak-1": "host-1", "soak-2": "host-2", "soak-3": "host-3", "soak-4": "host-1" };

async function run(args: string[]): Promise<number> {
  const log = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
  const { signal } = watchInterruption();
  const undos: (() => Promise<void>)[] = [];
  const name = `soak-${process.pid}`;
  try {
    const { minutes, seed, json } = readSoakOptions(args, { seed: Date.now() % 100_000 });
    const board = createBoard();
    await setUp({ for: "start", board, signal });
    board.close();
    undos.push(() => labDown(name));
    await labUp({ name, hosts: 3, signal });
    const fault = await openFaultLab({ lab: { name }, guests, log, onEnd: (undo) => void undos.push(undo) });
    log(`soaking for ${minutes} minutes with seed ${seed}`);
    const result = await soak({ fault, forMs: minutes * 60_000, seed, signal, log });
    const injected = Object.values(result.faults).reduce((sum, count) => sum + count, 0);
    console.log(JSON.stringify({ soak: name, seed, minutes, injected, ...result }, null, json ? undefined : 2));
    log(
      result.broken.length === 0
        ? `${injected} faults, no invariant broken. Next: another schedule  npm run lab -- soak --minutes ${minutes} --seed ${seed + 1}`
        : `${result.broken.length} invariants broken. Next: the same schedule again, as far as this machine's timing allows  npm run lab -- soak --minutes ${minutes} --seed ${seed}`,
    );
    return result.broken.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(signal.aborted ? "interrupted" : explain(error));
    return signal.aborted ? interruptedExitCode : 1;
  } finally {
    for (const undo of undos.reverse()) await undo().catch((error: unknown) => log(explain(error)));
  }
}

process.exit(await run(process.argv.slice(3)));
