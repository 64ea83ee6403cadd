const firstMs = 250;
const lastMs = 5_000;

/** Doubling, half fixed and half random, so that many managers do not knock in step; never over 5 s. `random` is in [0, 1). */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(lastMs, firstMs * 2 ** Math.min(attempt - 1, 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
