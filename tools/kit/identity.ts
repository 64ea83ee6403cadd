import { readFile } from "node:fs/promises";

/**
 * A process for good: its number alone may have gone to another one since. `start` is the kernel's start time
 * (proc_pid_stat(5), field 22), or "" where there is no /proc, and then the number has to do.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start: string;
}

/** undefined when there is no such process, or only its exit status is left of it (a zombie). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  if (process.platform !== "linux") return signalReaches(pid) ? { pid, start: "" } : undefined;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name, in brackets, may hold spaces and brackets itself: count from its end.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, start] = [fields?.[0], fields?.[19]];
  return start === undefined || state === "Z" || state === "X" ? undefined : { pid, start };
}

export async function isAlive(who: ProcessIdentity): Promise<boolean> {
  return (await identify(who.pid))?.start === who.start;
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Signals the process, and its group where it leads one. False when it is gone. */
export async function signalGroup(who: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isAlive(who))) return false;
  for (const target of [-who.pid, who.pid])
    try {
      process.kill(target, signal);
      return true;
    } catch {
      // Not a group's leader: the process alone.
    }
  return false;
}

/** Asks with SIGTERM, waits, and insists with SIGKILL. Resolves when the process is gone. */
export async function endProcess(who: ProcessIdentity, patienceMs: number): Promise<void> {
  await signalGroup(who, "SIGTERM");
  if (await isGoneWithin(who, patienceMs)) return;
  await signalGroup(who, "SIGKILL");
  if (!(await isGoneWithin(who, 5_000))) throw new Error(`process ${who.pid} does not end, not even by SIGKILL`);
}

async function isGoneWithin(who: ProcessIdentity, ms: number): Promise<boolean> {
  // It is no child of ours, so nothing tells when it ends: look.
  for (const until = Date.now() + ms; Date.now() < until; await new Promise((wake) => setTimeout(wake, 50)))
    if (!(await isAlive(who))) return true;
  return !(await isAlive(who));
}
