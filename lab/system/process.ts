import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { LabError } from "./error.ts";
import { readText } from "./files.ts";

/**
 * One process for certain: a number alone may be reused. `startTime` is field 22 of /proc/PID/stat (clock ticks since the
 * machine's start), `bootId` names that start.
 */
export const processIdentity = z.object({
  pid: z.number().int().positive(),
  startTime: z.string(),
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** Identity of the machine's current run. */
export const machineBootId = async () => (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();

/** State letter and start time from the text of /proc/PID/stat. The name may hold spaces and brackets: count after the last one. */
export function parseStat(text: string): { state: string; startTime: string } {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTime: fields[19] ?? "" };
}

/** True while this very process lives. A zombie has no memory, files or children left: it counts as gone. */
export async function isAlive(who: ProcessIdentity): Promise<boolean> {
  if (who.bootId !== (await machineBootId())) return false;
  const text = await readText(`/proc/${who.pid}/stat`).catch(() => undefined);
  if (!text) return false;
  const { state, startTime } = parseStat(text);
  return startTime === who.startTime && state !== "Z" && state !== "X";
}

/** SIGKILL, then waits until it is gone. For PID 1 of a namespace the kernel ends every process of that namespace before. */
export async function killAndWait(who: ProcessIdentity, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (await isAlive(who)) {
    try {
      process.kill(who.pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
    if (Date.now() > deadline) throw new LabError(`process ${who.pid} is still there ${timeoutMs} ms after SIGKILL`);
    await pause(10);
  }
}
