export interface Summary {
  /** How many samples; the percentiles are null when there are none. */
  readonly samples: number;
  readonly min: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/**
 * The smallest sample that at least `percent` % of all samples do not exceed (nearest rank): always a value that was measured.
 * `sorted` ascends; undefined when it is empty.
 */
export function percentile(sorted: readonly number[], percent: number): number | undefined {
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** Samples in any order and unit; the summary has their unit, rounded to `digits` after the point. */
export function summary(samples: readonly number[], digits = 3): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (percent: number): number | null => {
    const value = percentile(sorted, percent);
    return value === undefined ? null : Number(value.toFixed(digits));
  };
  return { samples: sorted.length, min: at(0), p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}
