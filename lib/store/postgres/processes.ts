import { existsSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";

const hasProc = existsSync("/proc/self/stat");

const answersSignals = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
};

/** The letter of `ps`: R, S, D, Z, … "" when there is no such process. */
async function stateLetter(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.charAt(text.lastIndexOf(")") + 2);
  } catch {
    return "";
  }
}

/**
 * Whether the process runs. A killed one that nobody reaped (slow, or never, in some containers) does not, though it still answers
 * signals: PostgreSQL takes such a zombie for a live server and refuses to start.
 */
export async function isAlive(pid: number): Promise<boolean> {
  if (!answersSignals(pid)) return false;
  return !hasProc || !["", "Z", "X"].includes(await stateLetter(pid));
}

/** True for a zombie: gone, but its number is still taken. */
export const isZombie = async (pid: number): Promise<boolean> => hasProc && (await stateLetter(pid)) === "Z";

/** Whether a live process works inside the directory: the children of a killed postmaster take a moment to leave. */
export async function anyoneWorksIn(directory: string): Promise<boolean> {
  if (!hasProc) return false;
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const place = await readlink(`/proc/${name}/cwd`).catch(() => "");
    if (place === directory && (await isAlive(Number(name)))) return true;
  }
  return false;
}

/** Asks every 25 ms until `done` says true; false when the time is over. For facts that send no event: other people's processes. */
export async function eventually(done: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await done()) return true;
    if (performance.now() >= deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
