import { readFileSync } from "node:fs";

/**
 * Milliseconds since the host's boot, sleep included: unlike the time of day nobody sets it, and unlike a process's own clock it goes
 * on over a restart of the helper.
 */
export const sinceBootMs = (): number =>
  Math.round(Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1000);

/** Another one after each boot. */
export const bootId = (): string => {
  // A namespace has the boot id of its machine, and PID 1 began when the namespace did.
  const init = readFileSync("/proc/1/stat", "latin1").split(") ").at(-1)?.split(" ")[19] ?? "";
  return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}/${init}`;
};
