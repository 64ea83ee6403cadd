/** What one part of the tests came to. */
export interface Tally {
  readonly part: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What a person needs to see of what failed, or why something was left out. */
  readonly words: readonly string[];
}

export const passed = (part: string): Tally => ({ part, passed: 1, failed: 0, skipped: 0, words: [] });
export const failed = (part: string, words: string): Tally => ({
  part,
  passed: 0,
  failed: 1,
  skipped: 0,
  words: [words],
});
export const skipped = (part: string, why: string, count = 1): Tally => ({
  part,
  passed: 0,
  failed: 0,
  skipped: count,
  words: [why],
});

const sum = (tallies: readonly Tally[], of: (tally: Tally) => number): number =>
  tallies.reduce((all, tally) => all + of(tally), 0);

/** The one line that ends a run: `N passed, M failed`, and `, K skipped` when there are. */
export function closingLine(tallies: readonly Tally[]): string {
  const left = sum(tallies, (one) => one.skipped);
  const line = `${sum(tallies, (one) => one.passed)} passed, ${sum(tallies, (one) => one.failed)} failed`;
  return left > 0 ? `${line}, ${left} skipped` : line;
}

/** Everything that ran went well, and something ran. */
export const isGreen = (tallies: readonly Tally[]): boolean =>
  sum(tallies, (one) => one.failed) === 0 && sum(tallies, (one) => one.passed) > 0;

/** What failed with its words, then what was left out and why. Empty when all is well. */
export function reportLines(tallies: readonly Tally[]): string[] {
  const failures = tallies.filter((one) => one.failed > 0);
  const leftOut = tallies.filter((one) => one.failed === 0 && one.skipped > 0);
  return [
    ...failures.flatMap(({ part, words }) => ["", `━━ ${part} failed`, ...words]),
    ...leftOut.flatMap(({ part, words }) => words.map((why) => `left out: ${part}: ${why}`)),
  ];
}
