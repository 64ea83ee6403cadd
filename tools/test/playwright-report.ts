import { z } from "zod";
import type { Tally } from "./tally.ts";

/** The part of Playwright's JSON report that we count. */
const report = z.object({
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
  errors: z.array(z.object({ message: z.string().optional() })),
});

/** A test that passed only when tried again counts as failed: it will fail for somebody. */
export function tallyPlaywright(
  part: string,
  json: string | undefined,
  ended: { ok: boolean; words: string; output: string },
): Tally {
  const read = json === undefined ? undefined : report.safeParse(parseJson(json));
  if (!read?.success)
    return {
      part,
      passed: 0,
      failed: 1,
      skipped: 0,
      words: [`Playwright wrote no report: ${ended.words}`, ended.output],
    };
  const { expected, unexpected, flaky, skipped } = read.data.stats;
  const known = unexpected + flaky + read.data.errors.length;
  const failures = known > 0 ? known : ended.ok && expected + skipped > 0 ? 0 : 1;
  const words = [ended.words, ...read.data.errors.flatMap(({ message }) => message ?? []), ended.output];
  return { part, passed: expected, failed: failures, skipped, words: failures > 0 ? words : [] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
