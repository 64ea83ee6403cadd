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

/**
 * Holds an advisory lock on a file while `work` runs. The lock belongs to a child (`flock … cat`) whose standard input we hold:
 * when this process dies in any way, even by kill -9, the child reads the end of its input and the lock is free.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await take(file, options);
  try {
    return await work();
  } finally {
    await release();
  }
}

function take(file: string, { shared = false, timeoutMs = 120_000 }: LockOptions): Promise<() => Promise<void>> {
  mkdirSync(path.dirname(file), { recursive: true });
  const wait = String(Math.max(0, timeoutMs / 1000));
  const hold = "echo held; exec cat >/dev/null";
  const args = [shared ? "-s" : "-x", "-w", wait, "-E", String(busy), file, "sh", "-c", hold];
  const child = spawn("flock", args, { stdio: ["pipe", "pipe", "ignore"], detached: true, cwd: "/" });
  return new Promise((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new LabError("flock cannot be started", "apt-get install util-linux", { cause })),
    );
    child.on("close", (code) => {
      const cure = "another lab command is at work; wait for it, or see `ps` for who holds the file";
      const what = code === busy ? `${file} is still locked after ${wait} s` : `locking ${file} failed (exit ${code})`;
      reject(new LabError(what, cure));
    });
    child.stdin.on("error", () => undefined);
    child.stdout.once("data", () => {
      resolve(
        () =>
          new Promise<void>((released) => {
            child.removeAllListeners("close");
            child.on("close", () => released());
            child.stdin.end();
          }),
      );
    });
  });
}
