import { createInterface } from "node:readline/promises";
import { explainManager, managerProgram } from "../lib/manager/index.ts";
import { createBoard } from "./kit/board.ts";
import { interruptedExitCode, watchInterruption } from "./kit/interruption.ts";

/** `npm run manager -- COMMAND`: the customer's program, `belay-manager`. */

const { stdin, stdout, env } = process;

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

const board = createBoard();
const { signal } = watchInterruption();
const typedAs = "npm run manager --";
const program = managerProgram({
  print: (text) => console.log(text),
  board,
  ask: stdin.isTTY && stdout.isTTY ? ask : undefined,
  env,
  // npm runs us in the project's folder; files are named from where the person is.
  cwd: env.INIT_CWD || process.cwd(),
  signal,
  program: typedAs,
  failed() {
    process.exitCode = 1;
  },
});

try {
  await program.parseAsync();
} catch (error) {
  console.error(
    signal.aborted
      ? "Interrupted: what is done stays done, the next run goes on."
      : explainManager(error, program, typedAs),
  );
  process.exitCode = signal.aborted ? interruptedExitCode : 1;
} finally {
  board.close();
}
