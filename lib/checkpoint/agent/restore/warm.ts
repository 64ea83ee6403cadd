import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { mappingsOf, pidOf } from "../qemu-process.ts";

const chunkBytes = 4 * 1024 * 1024;
/** The guest's first answers go before. A capture that comes earlier fills it in by itself. */
const afterMs = 1_500;
/**
 * Has QEMU's mapping of the guest's memory filled in, by reading it from outside. Otherwise the first capture does that while the guest
 * stands: 200 to 500 ms were seen, and then 20 to 50. Never fails: it only costs the guest a longer pause.
 */
export async function warmMemory(name: string, file: string): Promise<void> {
  try {
    await pause(afterMs, undefined, { ref: false });
    const pid = await pidOf(name);
    if (pid === undefined) return;
    const mapping = (await mappingsOf(pid)).find((it) => it.file === file);
    if (mapping === undefined) return;
    const { from, to } = mapping;
    const memory = await open(`/proc/${pid}/mem`, "r");
    try {
      const into = Buffer.allocUnsafeSlow(chunkBytes);
      for (let at = from; at < to; ) {
        const { bytesRead } = await memory.read(into, 0, Math.min(chunkBytes, to - at), at);
        if (bytesRead === 0) return;
        at += bytesRead;
      }
    } finally {
      await memory.close();
    }
  } catch {
    // the domain is gone again, or its memory is not ours to read
  }
}
