/** `npm run check`: everything that a reviewer would check without a machine to break. Under a minute. */
import { createBoard } from "../kit/board.ts";
import { explain } from "../kit/failure.ts";
import { interruptedExitCode, watchInterruption } from "../kit/interruption.ts";
import { setUp } from "../setup/set-up.ts";
import { closingLine, isGreen, reportLines } from "../test/tally.ts";
import { runCheck } from "./steps.ts";

const { signal } = watchInterruption();
const board = createBoard();
try {
  await setUp({ for: "check", board, signal });
  const tallies = await runCheck(board, signal);
  board.close();
  if (signal.aborted) process.exit(interruptedExitCode);
  for (const line of reportLines(tallies)) console.error(line);
  console.log(closingLine(tallies));
  process.exitCode = isGreen(tallies) ? 0 : 1;
} catch (error) {
  board.close();
  console.error(explain(error));
  process.exitCode = 1;
}
