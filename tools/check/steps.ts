import type { Board } from "../kit/board.ts";
import { runCommand } from "../kit/command.ts";
import { inProject } from "../kit/project.ts";
import { runPart } from "../test/part.ts";
import { runVitest } from "../test/suites.ts";
import { failed, passed, type Tally } from "../test/tally.ts";

/**
 * What a reviewer would look at: types, lint and format, and the unit tests (among them arrows between rooms, sizes, dead files and
 * the lock file). The three run at once: the compiler and the linter are done while vitest still loads.
 */
export async function runCheck(
  board: Board,
  signal: AbortSignal,
  env: Readonly<Record<string, string>> = {},
): Promise<Tally[]> {
  const program = (part: string, file: string, args: readonly string[]): Promise<Tally> =>
    runPart(board, part, async () => {
      const { ok, words, output } = await runCommand(process.execPath, [inProject(file), ...args], {
        signal,
        deadlineMs: 120_000,
        keepLines: 200,
      });
      return ok ? passed(part) : failed(part, output || words);
    });
  return await Promise.all([
    program("types", "node_modules/typescript/bin/tsc", ["--noEmit", "-p", "."]),
    program("lint and format", "node_modules/@biomejs/biome/bin/biome", ["check", "--max-diagnostics=50", "."]),
    runPart(board, "unit tests", (say) => runVitest("unit", { signal, say, env, deadlineMs: 12 * 60_000 })),
  ]);
}
