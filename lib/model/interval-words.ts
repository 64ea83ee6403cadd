const minute = 60_000;
const hour = 60 * minute;

/** A span as people say it, with at most two parts: "0.5 s", "7 s", "1 min 30 s", "2 h", "30 days". */
export function intervalWords(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`;
  const tenths = Math.round(ms / 100) / 10;
  if (tenths < 10) return `${tenths} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const rest = (value: number, unit: string) => (value === 0 ? "" : ` ${value} ${unit}`);
  if (ms < hour - 500) return `${Math.floor(seconds / 60)} min${rest(seconds % 60, "s")}`;
  const minutes = Math.round(ms / minute);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h${rest(minutes % 60, "min")}`;
  return `${Math.round(ms / (24 * hour))} days`;
}
