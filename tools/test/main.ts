/** `npm test`: set-up, then everything that can be tested on this machine. The last line says how much passed and failed. */
import { readdir } from "node:fs/promises";
import { runCheck } from "../check/steps.ts";
import { createBoard, seconds } from "../kit/board.ts";
import { explain } from "../kit/failure.ts";
import { interruptedExitCode, watchInterruption } from "../kit/interruption.ts";
import { projectDir } from "../kit/project.ts";
import { setUp } from "../setup/set-up.ts";
import { runPart } from "./part.ts";
import { runPlaywright, runVitest } from "./suites.ts";
import { beginSweep } from "./sweep.ts";
import { closingLine, failed, isGreen, reportLines, skipped, type Tally } from "./tally.ts";

const minuteMs = 60_000;
const { signal, onSecond } = watchInterruption();
const board = createBoard();
const tallies: Tally[] = [];
const startedMs = performance.now();

/** Runs a part as a phase; one that breaks counts as a failure, and the next parts run all the same. */
async function part(
  name: string,
  work: (say: (detail: string) => void) => Promise<Tally>,
  always = false,
): Promise<void> {
  if (signal.aborted && !always) return;
  tallies.push(await runPart(board, name, work));
}

/** How many files a part would have run: what is left out is counted, not forgotten. */
async function filesLike(pattern: RegExp): Promise<number> {
  const entries = await readdir(projectDir, { recursive: true });
  return entries.filter((file) => pattern.test(file) && !file.includes("node_modules")).length;
}

async function run(): Promise<void> {
  const { noLab, noBrowser } = await setUp({ for: "test", board, signal });
  const sweep = await beginSweep();
  const { env } = sweep;
  try {
    tallies.push(...(await runCheck(board, signal, env)));
    await part("db tests", (say) => runVitest("db", { signal, say, env, deadlineMs: 6 * minuteMs }));
    if (noLab) tallies.push(skipped("lab tests", `${noLab.why} (${noLab.cure})`, await filesLike(/\.lab\.test\.ts$/)));
    else await part("lab tests", (say) => runVitest("lab", { signal, say, env, deadlineMs: 30 * minuteMs }));
    if (noBrowser)
      tallies.push(
        skipped("e2e tests", `${noBrowser.why} (${noBrowser.cure})`, await filesLike(/^e2e\/.*\.spec\.ts$/)),
      );
    else await part("e2e tests", (say) => runPlaywright({ signal, say, env, deadlineMs: 10 * minuteMs }));
  } finally {
    await part("nothing is left on the machine", () => sweep.finish(), true);
  }
}

onSecond(() => console.error("not waiting any longer: processes of the tests may be left"));
try {
  await run();
} catch (error) {
  tallies.push(failed("npm test", explain(error)));
}
board.close();
if (signal.aborted)
  console.error("interrupted: what the tests had started is ended, and what they said is not the whole of it");
else for (const line of reportLines(tallies)) console.error(line);
console.error(`npm test took ${seconds(performance.now() - startedMs)}`);
console.log(closingLine(tallies));
process.exit(signal.aborted ? interruptedExitCode : isGreen(tallies) ? 0 : 1);
