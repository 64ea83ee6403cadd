import { readFile } from "node:fs/promises";

/** What must stay free on the host beside what is taken. */
const spareBytes = 512 * 1024 * 1024;
/** What is only convenient is given back when less than this part of the host's memory is left. */
const spareShare = 0.25;

async function meminfo(): Promise<(name: string) => number> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => "");
  return (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
}

/** For what is needed now. */
export const hasRoomFor = async (bytes: number): Promise<boolean> =>
  (await meminfo())("MemAvailable") > bytes + spareBytes;

/** How much of what is kept because it may be of use should be given back; 0: nothing. */
export async function overSpare(): Promise<number> {
  const of = await meminfo();
  return Math.max(0, Math.max(spareBytes, spareShare * of("MemTotal")) - of("MemAvailable"));
}
