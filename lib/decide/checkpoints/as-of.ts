import type { EpochMs } from "../../model/index.ts";

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** A length of time as people say it: "1.5 s", "12 minutes", "2 hours". */
export function timeInWords(ms: number): string {
  for (const [name, unitMs] of units) {
    if (ms < 1.5 * unitMs) continue;
    const count = Math.round(ms / unitMs);
    return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  if (ms < 50) return "less than 0.1 s";
  return ms < 9_950 ? `${Number((ms / 1000).toFixed(1))} s` : `${Math.round(ms / 1000)} s`;
}

/** The instant that a checkpoint holds, in words that need no clock at hand: "as of 12:03:07 UTC". The day only where it is another one. */
export function asOf(at: EpochMs, now: EpochMs): string {
  const text = new Date(at).toISOString();
  const time = `${text.slice(11, 19)} UTC`;
  return Math.floor(at / 86_400_000) === Math.floor(now / 86_400_000)
    ? `as of ${time}`
    : `as of ${text.slice(0, 10)} ${time}`;
}

/** The same, and what is lost by it: "as of 12:03:07 UTC, 6 s before the failure". */
export const asOfFailure = (at: EpochMs, failedAt: EpochMs): string =>
  at > failedAt ? asOf(at, failedAt) : `${asOf(at, failedAt)}, ${timeInWords(failedAt - at)} before the failure`;
