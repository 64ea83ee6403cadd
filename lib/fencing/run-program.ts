import { spawn } from "node:child_process";

export interface ProgramRun {
  /** null when it did not start, or a signal ended it. */
  readonly exitCode: number | null;
  /** The end of what it wrote, on both its outputs, in the order in which it came. */
  readonly output: string;
  readonly timedOut: boolean;
  /** Why it did not start. */
  readonly notStarted: string | null;
}

/** A program may leave children behind that hold its outputs open: after its own end they get this long. */
const afterEndMs = 300;

/** What other people's programs see of our environment: nothing of ours is in it, above all no database address. */
const passedOn = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "BELAY_LABS"];

/** NODE_ENV is there because Next.js's types demand it of every environment. */
function baseEnvironment(): NodeJS.ProcessEnv {
  const found: NodeJS.ProcessEnv = { NODE_ENV: "production" };
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/**
 * Runs somebody's program to its end: no shell, its arguments as they are, in a process group of its own that is killed as a whole
 * when the time is over. Of its output the last `maxOutputBytes` are kept. Never throws.
 */
export function runProgram(options: {
  readonly file: string;
  readonly args: readonly string[];
  readonly stdin: string;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}): Promise<ProgramRun> {
  const { file, args, stdin, timeoutMs, maxOutputBytes } = options;
  return new Promise((resolve) => {
    const child = spawn(file, [...args], {
      detached: true,
      shell: false,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...baseEnvironment(), ...options.env },
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    });
    let kept: Buffer[] = [];
    let keptBytes = 0;
    let timedOut = false;
    let grace: NodeJS.Timeout | undefined;
    const keep = (chunk: Buffer) => {
      kept.push(chunk);
      keptBytes += chunk.length;
      if (keptBytes <= 2 * maxOutputBytes) return;
      kept = [Buffer.concat(kept).subarray(-maxOutputBytes)];
      keptBytes = maxOutputBytes;
    };
    const output = () => Buffer.concat(kept).subarray(-maxOutputBytes).toString("utf8");
    const killGroup = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // the group has ended by itself
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, timeoutMs);
    const end = (exitCode: number | null, notStarted: string | null = null) => {
      clearTimeout(timer);
      clearTimeout(grace);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      resolve({ exitCode: timedOut ? null : exitCode, output: output(), timedOut, notStarted });
    };
    child.once("error", (error) => end(null, error.message));
    child.once("exit", (code) => {
      grace = setTimeout(() => end(code), afterEndMs);
    });
    child.once("close", (code) => end(code));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.stdin.on("error", () => undefined); // one that does not read its input is as good as another
    child.stdin.end(stdin);
  });
}
