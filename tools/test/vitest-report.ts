import { z } from "zod";
import type { Tally } from "./tally.ts";

/** The part of vitest's JSON report that we count. */
const report = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/**
 * `json` is vitest's report, undefined when it wrote none; `ended` says how the process ended, and `output` what it printed.
 * A file that cannot be loaded has no tests, and an error outside of every test fails none: each counts as one failure.
 */
export function tallyVitest(
  part: string,
  json: string | undefined,
  ended: { ok: boolean; words: string; output: string },
): Tally {
  const read = json === undefined ? undefined : report.safeParse(parseJson(json));
  if (!read?.success)
    return { part, passed: 0, failed: 1, skipped: 0, words: [`vitest wrote no report: ${ended.words}`, ended.output] };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = read.data;
  const broken = testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const known = numFailedTests + broken.length;
  const none = numPassedTests + known + numPendingTests + numTodoTests === 0;
  const failures = known > 0 ? known : ended.ok && !none ? 0 : 1;
  return {
    part,
    passed: numPassedTests,
    failed: failures,
    skipped: numPendingTests + numTodoTests,
    words: failures > 0 ? [none ? "no test was found" : ended.words, ended.output] : [],
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
