import { type IdSource, idSource } from "../../model/index.ts";

/** Numbers in [0, 1) from a seed: the same in each run (xorshift32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Ids that are the same in each run, born one millisecond after the other. */
export function seededIds(seed: number): IdSource {
  let now = 1_700_000_000_000;
  return idSource(() => now++, seededRandom(seed));
}
