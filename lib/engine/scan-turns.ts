/** So many hosts are scanned together without anybody noticing. */
const few = 16;
/** Multiples of it, modulo 1, lie evenly however many there are (the golden ratio's fraction). */
const golden = 0.618_033_988_749_895;

/**
 * When the next scan of the `nth` host (from 0) is due. The first of them simply follow their last scan; each other keeps to a place of its own
 * in the period: else whatever made all of them scan at once (a start, a change by people) would have them scan at once for ever, and each
 * time an event would wait for thousands of scans. Never later than a period after the last.
 */
export function turnOf(nth: number, everyMs: number): (nowMs: number) => number {
  if (nth < few) return (nowMs) => nowMs + everyMs;
  const placeMs = Math.round(((nth * golden) % 1) * everyMs);
  return (nowMs) => nowMs + everyMs - ((((nowMs - placeMs) % everyMs) + everyMs) % everyMs);
}
