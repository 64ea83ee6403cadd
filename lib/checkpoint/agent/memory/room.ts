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

/** For what is kept because it may be of use. */
export async function hasToSpare(): Promise<boolean> {
  const of = await meminfo();
  return of("MemAvailable") > Math.max(spareBytes, spareShare * of("MemTotal"));
}
