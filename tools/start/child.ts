import { type CommandResult, runCommand } from "../kit/command.ts";
import { nodeArguments } from "../kit/project.ts";

export interface Child {
  /** Resolves when it has ended, by whatever. */
  readonly ended: Promise<CommandResult>;
  stop(): Promise<void>;
}

const patienceMs = 5_000;

/** Runs a TypeScript command of ours beside us until it is stopped. */
export function startChild(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  onSpawn: (pid: number) => void,
): Child {
  const controller = new AbortController();
  const ended = runCommand(process.execPath, [...nodeArguments, file, ...args], {
    env,
    signal: controller.signal,
    patienceMs,
    keepLines: 20,
    onSpawn,
  });
  return {
    ended,
    async stop() {
      controller.abort();
      await ended;
    },
  };
}
