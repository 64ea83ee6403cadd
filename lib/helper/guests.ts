import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const lookEveryMs = 20;

/** Whether a command line is that of a guest of libvirt's: QEMU by its program and by the name that libvirt gives it. */
export function isGuest(argv: readonly string[]): boolean {
  const program = argv[0]?.split("/").at(-1) ?? "";
  if (!/^(qemu-system-[\w.-]+|qemu-kvm|qemu|kvm)$/.test(program)) return false;
  const name = argv.indexOf("-name");
  return name > 0 && /^guest=/.test(argv[name + 1] ?? "");
}

/** Processes of all guests that run now. One that has ended and is not yet reaped has no command line, and is none. */
export function guestPids(): number[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return isGuest(readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0")) ? [Number(entry)] : [];
    } catch {
      return []; // ended meanwhile
    }
  });
}

/**
 * Kills every guest's QEMU, and looks until none is left or the time is over. Straight, and not through libvirt: its daemon may hang
 * on just what made this host lonely. True when the last look found none.
 */
export async function killGuests(withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  for (;;) {
    const pids = guestPids();
    if (pids.length === 0) return true;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // ended meanwhile
      }
    }
    if (performance.now() > end) return false;
    await pause(lookEveryMs);
  }
}
