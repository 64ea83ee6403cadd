import { open, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

const chunkBytes = 4 * 1024 * 1024;
/** The guest's first answers go before. A capture that comes earlier fills it in by itself. */
const afterMs = 1_500;
const pidDirectories = ["/run/libvirt/qemu", "/var/run/libvirt/qemu"];

async function pidOf(name: string): Promise<number | undefined> {
  for (const directory of pidDirectories) {
    const text = await readFile(`${directory}/${name}.pid`, "utf8").catch(() => undefined);
    const pid = Number(text?.trim());
    if (Number.isInteger(pid) && pid > 1) return pid;
  }
  return undefined;
}

/**
 * Has QEMU's mapping of the guest's memory filled in, by reading it from outside. Otherwise the first capture does that while the guest
 * stands: 200 to 500 ms were seen, and then 20 to 50. Never fails: it only costs the guest a longer pause.
 */
export async function warmMemory(name: string, file: string): Promise<void> {
  try {
    await pause(afterMs, undefined, { ref: false });
    const pid = await pidOf(name);
    if (pid === undefined) return;
    const maps = await readFile(`/proc/${pid}/maps`, "utf8");
    const line = maps.split("\n").find((it) => it.endsWith(file));
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line ?? "");
    if (range === null) return;
    const [from, to] = [Number.parseInt(range[1] ?? "", 16), Number.parseInt(range[2] ?? "", 16)];
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
