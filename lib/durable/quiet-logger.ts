import type { Log } from "../engine/ports.ts";

/** DBOS's own log lines: its troubles are ours as warnings, everything else is left out. */
export function quietLogger(log: Log) {
  const words = (entry: unknown) => (entry instanceof Error ? entry.message : String(entry));
  return {
    debug() {},
    info() {},
    warn: (entry: unknown) => log.warn(`DBOS: ${words(entry)}`),
    error: (entry: unknown) => log.warn(`DBOS: ${words(entry)}`),
  };
}
