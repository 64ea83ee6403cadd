import { runCommand } from "../kit/command.ts";
import { Failure } from "../kit/failure.ts";
import { nodeArguments } from "../kit/project.ts";

const deadlineMs = 3 * 60_000;

/** Enrols the hosts and hands their guests to the customers, by the same API as a person would (tools/demo.ts). Twice is once. */
export async function runDemo(
  env: Readonly<Record<string, string>>,
  say: (detail: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { ok, words, output } = await runCommand(process.execPath, [...nodeArguments, "tools/demo.ts"], {
    env,
    signal,
    deadlineMs,
    onLine: (line) => say(line.trim().slice(0, 80)),
  });
  if (!ok && !signal.aborted) throw new Failure(`the demo could not be set up: ${words}\n${output}`);
}
