import type { Log } from "../engine/ports.ts";

/** Said by us in our own words, or of no interest. */
const known = ["being automatically retried", "Shutting down while"];

/** DBOS's own log lines: its troubles are warnings of ours, everything else is left out. */
export function quietLogger(log: Log) {
  const say = (entry: unknown) => {
    const words = entry instanceof Error ? entry.message : String(entry);
    if (!known.some((part) => words.includes(part))) log.warn(`DBOS: ${words}`);
  };
  return { debug() {}, info() {}, warn: say, error: say };
}
