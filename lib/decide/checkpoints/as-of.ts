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

const dayMs = 86_400_000;
const two = (n: number): string => String(n).padStart(2, "0");

/** Year, month and day of a day since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
function dateOf(day: number): string {
  const shifted = day + 719_468; // days since 0000-03-01
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const march = Math.floor((5 * dayOfYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${year}-${two(month)}-${two(dayOfYear - Math.floor((153 * march + 2) / 5) + 1)}`;
}

/** The instant that a checkpoint holds, in words that need no clock at hand: "as of 12:03:07 UTC". The day only where it is another one. */
export function asOf(at: EpochMs, now: EpochMs): string {
  const day = Math.floor(at / dayMs);
  const seconds = Math.floor((at - day * dayMs) / 1_000);
  const time = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)} UTC`;
  return day === Math.floor(now / dayMs) ? `as of ${time}` : `as of ${dateOf(day)} ${time}`;
}

/** The same, and what is lost by it: "as of 12:03:07 UTC, 6 s before the failure". */
export const asOfFailure = (at: EpochMs, failedAt: EpochMs): string =>
  at > failedAt ? asOf(at, failedAt) : `${asOf(at, failedAt)}, ${timeInWords(failedAt - at)} before the failure`;
