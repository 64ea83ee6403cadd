import type { Env } from "../../env.ts";

const freshMs = 2_000;
/** Hosts that are so slow each time are not waited for. */
const looksAtMost = 3;

/**
 * Looks until it took a moment: what was seen before all waited for the slowest of them may not be so any more. Nothing is looked at again where
 * a look says no.
 */
export async function seenAtOnce<T>(
  { clock }: Pick<Env, "clock">,
  look: () => Promise<T>,
  saysNo: (seen: T) => boolean,
): Promise<T> {
  for (let looks = 1; ; looks++) {
    const begun = clock.monotonicMs();
    const seen = await look();
    if (saysNo(seen) || looks === looksAtMost || clock.monotonicMs() - begun < freshMs) return seen;
  }
}
