/** `npm run bench -- NAME [--runs N] [--json]`: one measurement; its result is the last line of stdout, everything else is on stderr. */
import { createBoard } from "../kit/board.ts";
import { explain, Failure } from "../kit/failure.ts";
import { interruptedExitCode, watchInterruption } from "../kit/interruption.ts";
import { setUp } from "../setup/set-up.ts";
import { benchLab } from "./bench-lab.ts";
import { allBenches } from "./benches.ts";
import { readCommandLine } from "./command-line.ts";
import { machineFacts } from "./machine.ts";
import type { Bench } from "./types.ts";

const { signal, onSecond } = watchInterruption();
const log = (line: string): void => console.error(line);

async function list(): Promise<string> {
  const benches = await allBenches();
  const width = Math.max(...benches.map(({ name }) => name.length));
  return [
    "npm run bench -- NAME [--runs N] [--json]",
    ...benches.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
  ].join("\n");
}

/** Measures, and undoes everything that was registered, newest first, whatever happens. */
async function measure(bench: Bench, runs: number | undefined, args: Readonly<Record<string, string>>) {
  const undos: (() => Promise<void> | void)[] = [];
  const onEnd = (undo: () => Promise<void> | void): void => void undos.push(undo);
  const lab = benchLab(log, onEnd, signal);
  // A measurement that does not look at the signal must not hold up the end.
  const interrupted = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  try {
    const started = performance.now();
    const result = await Promise.race([bench.run({ runs, args, signal, log, lab: lab.open, onEnd }), interrupted]);
    const state = lab.state();
    const accelerator = state === undefined ? null : state.kvm ? "kvm" : "tcg";
    const tookSeconds = Math.round((performance.now() - started) / 100) / 10;
    return { bench: bench.name, ...result, tookSeconds, machine: { ...(await machineFacts()), accelerator } };
  } finally {
    for (const undo of undos.reverse())
      try {
        await undo();
      } catch (error) {
        log(explain(error));
      }
  }
}

try {
  const { name, runs, json, args } = readCommandLine(process.argv.slice(2));
  if (name === undefined) console.log(await list());
  else {
    const board = createBoard();
    await setUp({ for: "start", board, signal });
    board.close();
    const bench = (await allBenches()).find((one) => one.name === name);
    if (bench === undefined) throw new Failure(`there is no bench "${name}"\n${await list()}`);
    onSecond(() => log("not waiting: the lab may be left; the next bench takes it down"));
    const result = await measure(bench, runs, args);
    console.log(JSON.stringify(result, null, json ? undefined : 2));
  }
} catch (error) {
  log(signal.aborted ? "interrupted" : explain(error));
  process.exitCode = signal.aborted ? interruptedExitCode : 1;
}
process.exit();
