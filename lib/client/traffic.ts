import type { TrafficSample } from "../contract/index.ts";

/** Seconds of traffic that a page keeps and a chart shows. */
export const trafficSeconds = 180;

/** `known` with `more` in it: one sample per second (the newer word counts), oldest first, nothing older than the window. */
export function mergeTraffic(
  known: readonly TrafficSample[],
  more: readonly TrafficSample[],
): readonly TrafficSample[] {
  if (more.length === 0) return known;
  const bySecond = new Map<number, TrafficSample>();
  for (const sample of known) bySecond.set(sample.at, sample);
  for (const sample of more) bySecond.set(sample.at, sample);
  const all = [...bySecond.values()].sort((a, b) => a.at - b.at);
  const newest = all.at(-1)?.at ?? 0;
  return all.filter((sample) => sample.at > newest - trafficSeconds * 1000);
}

export interface TrafficNow {
  readonly answeredPerSecond: number;
  readonly failedPerSecond: number;
}

/** Mean of the last `seconds` whole seconds before `now`; undefined where none of them was counted. */
export function rateOf(samples: readonly TrafficSample[], now: number, seconds = 3): TrafficNow | undefined {
  const recent = samples.filter((it) => it.at + 1000 > now - seconds * 1000 - 1000).slice(-seconds);
  if (recent.length === 0) return undefined;
  const sum = (pick: (it: TrafficSample) => number) => recent.reduce((total, it) => total + pick(it), 0);
  return {
    answeredPerSecond: sum((it) => it.answered) / recent.length,
    failedPerSecond: sum((it) => it.failed) / recent.length,
  };
}

/** Failed requests in the whole window. */
export const failedIn = (samples: readonly TrafficSample[]): number => samples.reduce((sum, it) => sum + it.failed, 0);

/** Columns for the chart; a gap of more than two seconds becomes a hole instead of a line drawn over it. */
export function columnsOf(samples: readonly TrafficSample[]): [number[], (number | null)[], (number | null)[]] {
  const at: number[] = [];
  const answered: (number | null)[] = [];
  const failed: (number | null)[] = [];
  let last: number | undefined;
  for (const sample of samples) {
    if (last !== undefined && sample.at - last > 2_000) {
      at.push(last / 1000 + 1);
      answered.push(null);
      failed.push(null);
    }
    at.push(sample.at / 1000);
    answered.push(sample.answered);
    failed.push(sample.failed);
    last = sample.at;
  }
  return [at, answered, failed];
}
