const firstMs = 250;
const lastMs = 5_000;

/**
 * How long to wait before attempt `attempt` (1 is the first after a loss): doubling, with "equal jitter" (half fixed, half random), so
 * that a thousand browsers do not knock in step, and never over 5 s, so that nobody waits long after the mend. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(lastMs, firstMs * 2 ** Math.min(attempt - 1, 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
