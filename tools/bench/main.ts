/** `npm run bench -- NAME [--FLAG VALUE] [--json]`: one measurement; its result is the last line of stdout, everything else is on stderr. */
import { createBoard } from "../kit/board.ts";
import { explain, Failure } from "../kit/failure.ts";
import { interruptedExitCode, watchInterruption } from "../kit/interruption.ts";
import { setUp } from "../setup/set-up.ts";
import { benchLab } from "./bench-lab.ts";
import { allBenches } from "./benches.ts";
import { readCommandLine } from "./command-line.ts";
import { helpLines, usageOf, valuesOf } from "./flags.ts";
import { machineFacts } from "./machine.ts";
import type { Bench } from "./types.ts";

const { signal, onSecond } = watchInterruption();
const log = (line: string): void => console.error(line);

const helpOf = ({ name, summary, flags }: Bench): string =>
  [usageOf(name, flags), "", summary, ...helpLines(flags).map((line) => `  ${line}`)].join("\n");

function listOf(benches: readonly Bench[]): string {
  const width = Math.max(...benches.map(({ name }) => name.length));
  const indent = " ".repeat(width + 4);
  return [
    "npm run bench -- NAME [--FLAG VALUE] [--json]",
    ...benches.flatMap(({ name, summary, flags }) => [
      `  ${name.padEnd(width)}  ${summary}`,
      ...helpLines(flags).map((line) => `${indent}${line}`),
    ]),
  ].join("\n");
}

/** Measures, and undoes everything that was registered, newest first, whatever happens. */
async function measure(bench: Bench, args: Readonly<Record<string, string>>) {
  const undos: (() => Promise<void> | void)[] = [];
  const onEnd = (undo: () => Promise<void> | void): void => void undos.push(undo);
  const lab = benchLab(log, onEnd, signal);
  // A measurement that does not look at the signal must not hold up the end.
  const interrupted = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  try {
    const started = performance.now();
    const result = await Promise.race([bench.run({ args, signal, log, lab: lab.open, onEnd }), interrupted]);
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

async function prepare(whatFor: "check" | "start"): Promise<void> {
  const board = createBoard();
  await setUp({ for: whatFor, board, signal });
  board.close();
}

async function find(name: string): Promise<Bench> {
  await prepare("check"); // what measurements are made of
  const benches = await allBenches();
  const bench = benches.find((one) => one.name === name);
  if (bench === undefined)
    throw new Failure(`There is no measurement "${name}".`, `There are: ${benches.map((one) => one.name).join(", ")}`);
  return bench;
}

try {
  const { name, help, json, args } = readCommandLine(process.argv.slice(2));
  if (name === undefined) {
    console.log(listOf(await allBenches()));
    console.log("\nNext: take one, such as  npm run bench -- sim --json");
  } else {
    const bench = await find(name);
    if (help) console.log(helpOf(bench));
    else {
      valuesOf(name, bench.flags, args); // before pages are built and a lab comes up
      await prepare("start");
      onSecond(() => log("not waiting: the lab may be left; the next bench takes it down"));
      const result = await measure(bench, args);
      console.log(JSON.stringify(result, null, json ? undefined : 2));
      log("Next: compare it with README.md, Figures, or take another one  npm run bench");
    }
  }
} catch (error) {
  log(signal.aborted ? "interrupted" : explain(error));
  process.exitCode = signal.aborted ? interruptedExitCode : 1;
}
process.exit();
