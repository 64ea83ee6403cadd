import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { projectDir } from "./project.ts";

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ends the command: `stopSignal` to its whole group, SIGKILL after `patienceMs`. */
  readonly signal?: AbortSignal;
  readonly stopSignal?: NodeJS.Signals;
  readonly patienceMs?: number;
  /** After this the command is ended as by `signal`. */
  readonly deadlineMs?: number;
  /** Every line of stdout and stderr, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Every line of file descriptor 3, for programs that report progress there. */
  readonly onStatus?: (line: string) => void;
  readonly onSpawn?: (pid: number) => void;
  /** How many of the last lines `output` holds. */
  readonly keepLines?: number;
}

export interface CommandResult {
  readonly ok: boolean;
  /** "exit code 1", "ended by SIGKILL", "not ended within 60 s", "cannot be started: …" */
  readonly words: string;
  /** Its last lines, stdout and stderr together. */
  readonly output: string;
}

/** Runs a program in a process group of its own, so that Ctrl-C in the terminal does not reach it before we decide. Never throws. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { patienceMs = 10_000, stopSignal = "SIGTERM", keepLines = 80, deadlineMs = 0 } = options;
  const kept: string[] = [];
  const child = spawn(program, args, {
    cwd: options.cwd ?? projectDir,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe", options.onStatus ? "pipe" : "ignore"],
    detached: true,
  });
  if (child.pid !== undefined) options.onSpawn?.(child.pid);
  const read = (line: string): void => {
    kept.push(line);
    if (kept.length > keepLines) kept.shift();
    options.onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on("line", read);
  const status = child.stdio[3];
  const { onStatus } = options;
  if (onStatus && status && isReadable(status)) createInterface({ input: status }).on("line", onStatus);

  let late = false;
  let insist: NodeJS.Timeout | undefined;
  const signalAll = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group has ended by itself.
    }
  };
  const stop = (): void => {
    signalAll(stopSignal);
    insist ??= setTimeout(() => signalAll("SIGKILL"), patienceMs);
  };
  const tooLate = (): void => {
    late = true;
    stop();
  };
  const deadline = deadlineMs > 0 ? setTimeout(tooLate, deadlineMs) : undefined;
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener("abort", stop, { once: true });

  return new Promise((resolve) => {
    const end = (ok: boolean, words: string): void => {
      clearTimeout(deadline);
      clearTimeout(insist);
      options.signal?.removeEventListener("abort", stop);
      resolve({ ok, words, output: kept.join("\n") });
    };
    child.on("error", (error) => end(false, `${program} cannot be started: ${error.message}`));
    child.on("close", (code, signal) => {
      if (late) end(false, `not ended within ${deadlineMs / 1000} s`);
      else end(code === 0, signal ? `ended by ${signal}` : `exit code ${code}`);
    });
  });
}

const isReadable = (stream: object): stream is Readable => "read" in stream;
