import { spawn } from "node:child_process";
import { LabError } from "./error.ts";

export interface RunResult {
  /** Exit code; 128 + signal number is not used: a process ended by a signal has code -1. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Called with each piece of output (both streams), for progress. */
  onOutput?: (text: string) => void;
}

const maxOutputBytes = 16 * 1024 * 1024;

/**
 * Environment for programs of ours: nothing of the caller's but the search path, so that results do not depend on who calls.
 * NODE_ENV is there because Next.js's types demand it of every environment.
 */
export const plainEnv: NodeJS.ProcessEnv = {
  NODE_ENV: "production",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
  LC_ALL: "C.UTF-8",
};

/**
 * Runs one program to its end and collects what it says. Has a deadline (30 s unless told); past it, or when the signal aborts,
 * the whole process group is killed, since a program started through nsenter outlives its parent otherwise.
 */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { input = "", timeoutMs = 30_000, signal, env = plainEnv, cwd = "/", onOutput } = options;
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new LabError(`${program} was not started: stopped by the caller`));
    const child = spawn(program, args, { stdio: "pipe", detached: true, env, cwd });
    const out: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    let failure: LabError | undefined;
    const stop = (why: LabError) => {
      failure ??= why;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    };
    const timer = setTimeout(() => stop(new LabError(`${argv.join(" ")}: no end after ${timeoutMs} ms`)), timeoutMs);
    const onAbort = () => stop(new LabError(`${program}: stopped by the caller`));
    signal?.addEventListener("abort", onAbort, { once: true });
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > maxOutputBytes)
          return stop(new LabError(`${program}: more than ${maxOutputBytes} bytes of output`));
        out[name].push(piece);
        onOutput?.(piece.toString());
      });
    }
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    child.on("error", (cause) => {
      done();
      reject(new LabError(`${program} cannot be started`, "npm run lab -- status says what is missing", { cause }));
    });
    child.on("close", (code) => {
      done();
      if (failure) return reject(failure);
      const text = (name: "stdout" | "stderr") => Buffer.concat(out[name]).toString();
      resolve({ code: code ?? -1, stdout: text("stdout"), stderr: text("stderr") });
    });
    // A program that ends without reading its input closes the pipe: its exit code says what it thought, not EPIPE.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** As `run`, but a non-zero exit is an error that quotes the program's own words. Answers its standard output. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const done = await run(argv, options);
  if (done.code === 0) return done.stdout;
  const words = (done.stderr.trim() || done.stdout.trim()).split("\n").slice(-6).join("\n");
  throw new LabError(`${argv.join(" ")} failed (exit ${done.code}): ${words}`);
}
