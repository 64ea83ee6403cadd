const two = (n: number) => String(n).padStart(2, "0");

/** A measured span: "412 ms", "4.32 s", "2 min 05 s", "3 h 07 min". Negative spans, from clocks that disagree, are 0. */
export function spanWords(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 999.5) return `${Math.round(span)} ms`;
  if (span < 59_995) return `${(span / 1000).toFixed(2)} s`;
  const seconds = Math.round(span / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
}

/** A running stopwatch: "4.3 s", "1:05.2", "1:02:03". */
export function stopwatchWords(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  const seconds = Math.floor(tenths / 10);
  if (seconds < 60) return `${seconds}.${tenths % 10} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}.${tenths % 10}`;
  return `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
}

/** How long ago, roughly: "now", "40 s", "12 min", "5 h", "3 d". */
export function agoWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 5) return "a moment";
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const padded = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** Time of day in the browser's zone, "14:03:07". */
export const clockWords = (at: number): string => padded(new Date(at));

/** With milliseconds: "14:03:07.412". */
export const exactClockWords = (at: number): string =>
  `${clockWords(at)}.${String(Math.floor(at) % 1000).padStart(3, "0")}`;

/** "2026-11-22 14:03:07" */
export function dateWords(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${padded(date)}`;
}
