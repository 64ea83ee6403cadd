/** One VM that could be captured, with the time from which on it may. */
export interface Waiting<V extends string, H extends string> {
  readonly vm: V;
  readonly host: H;
  readonly readyMs: number;
}

export interface Captures<V extends string, H extends string> {
  readonly waiting: readonly Waiting<V, H>[];
  /** Captures that run, by host. */
  readonly running: ReadonlyMap<H, number>;
  readonly perHost: number;
  /** In the whole cloud: the store has to take them all. */
  readonly atOnce: number;
}

/** Which begin now, those that have waited longest first; and when the next one is ready that nothing but time keeps. */
export function beginNow<V extends string, H extends string>(
  { waiting, running, perHost, atOnce }: Captures<V, H>,
  nowMs: number,
): { readonly begin: readonly V[]; readonly nextMs: number } {
  const begin: V[] = [];
  const counts = new Map(running);
  let free = atOnce;
  for (const count of running.values()) free -= count;
  let nextMs = Number.POSITIVE_INFINITY;
  const ready: Waiting<V, H>[] = [];
  for (const it of waiting) {
    if (it.readyMs <= nowMs) ready.push(it);
    else nextMs = Math.min(nextMs, it.readyMs);
  }
  ready.sort((a, b) => a.readyMs - b.readyMs || (a.vm < b.vm ? -1 : 1));
  for (const { vm, host } of ready) {
    const there = counts.get(host) ?? 0;
    if (free <= 0 || there >= perHost) continue; // the end of a capture wakes who waits for it
    counts.set(host, there + 1);
    free--;
    begin.push(vm);
  }
  return { begin, nextMs };
}
