import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { LabError } from "./error.ts";

export interface LockOptions {
  /** Several readers at once, no writer. */
  shared?: boolean;
  timeoutMs?: number;
}

const busy = 75;
const replaced = 76;

/**
 * Opens the file, waits for the lock, then makes sure that the file still has its name: a holder may have removed it (`down`
 * does), and a lock on a file without a name keeps nobody out. Then it says so and lives as long as its input.
 */
const hold = `exec 9>>"$0"
flock "$1" -w "$2" 9 || exit ${busy}
[ "$0" -ef /proc/self/fd/9 ] || exit ${replaced}
echo held
exec cat >/dev/null`;

/**
 * Holds an advisory lock on a file while `work` runs. The lock belongs to a child whose standard input we hold: when this
 * process dies in any way, even by kill -9, the child reads the end of its input and the lock is free.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const deadline = Date.now() + (options.timeoutMs ?? 120_000);
  let release = await take(file, options.shared ?? false, deadline);
  while (!release) release = await take(file, options.shared ?? false, deadline);
  try {
    return await work();
  } finally {
    await release();
  }
}

/** Answers how to let go, or undefined when the file was replaced meanwhile and another try is due. */
function take(file: string, shared: boolean, deadline: number): Promise<(() => Promise<void>) | undefined> {
  mkdirSync(path.dirname(file), { recursive: true });
  const waitSeconds = Math.max(0, (deadline - Date.now()) / 1000);
  const argv = ["-c", hold, file, shared ? "-s" : "-x", waitSeconds.toFixed(2)];
  const child = spawn("sh", argv, { stdio: ["pipe", "pipe", "ignore"], detached: true, cwd: "/" });
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => reject(new LabError("sh cannot be started", "", { cause })));
    child.on("close", (code) => {
      if (code === replaced) return resolve(undefined);
      const cure = "another lab command is at work: wait for it to end";
      const what =
        code === busy
          ? `${file} is still locked after ${waitSeconds.toFixed(0)} s`
          : `locking ${file} failed (exit ${code})`;
      reject(new LabError(what, cure));
    });
    child.stdin.on("error", () => undefined);
    child.stdout.once("data", () => {
      const release = () =>
        new Promise<void>((released) => {
          child.removeAllListeners("close");
          child.on("close", () => released());
          child.stdin.end();
        });
      resolve(release);
    });
  });
}
