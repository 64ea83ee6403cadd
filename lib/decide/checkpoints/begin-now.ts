/** What could be captured, a VM or a group that is captured at one instant, with the time from which on it may. */
export interface Waiting<H extends string> {
  readonly unit: string;
  /** One for each VM of it. */
  readonly hosts: readonly H[];
  readonly readyMs: number;
}

export interface Captures<H extends string> {
  readonly waiting: readonly Waiting<H>[];
  /** Captures that run, by host. */
  readonly running: ReadonlyMap<H, number>;
  readonly perHost: number;
  /** In the whole cloud: the store has to take them all. */
  readonly atOnce: number;
}

/**
 * Which begin now, those that have waited longest first; and when the next one is ready that nothing but time keeps. A group that has more VMs
 * on one host than are captured there at once begins when the host has none. Nobody who is ready later takes what an earlier one waits for: its
 * hosts would never all be free at one time, nor would the store for a large group.
 */
export function beginNow<H extends string>(
  { waiting, running, perHost, atOnce }: Captures<H>,
  nowMs: number,
): { readonly begin: readonly string[]; readonly nextMs: number } {
  const begin: string[] = [];
  const counts = new Map(running);
  let all = 0;
  for (const count of running.values()) all += count;
  let nextMs = Number.POSITIVE_INFINITY;
  const ready: Waiting<H>[] = [];
  for (const it of waiting) {
    if (it.readyMs <= nowMs) ready.push(it);
    else nextMs = Math.min(nextMs, it.readyMs);
  }
  const awaited = new Set<H>();
  ready.sort((a, b) => a.readyMs - b.readyMs || (a.unit < b.unit ? -1 : 1));
  for (const { unit, hosts } of ready) {
    const wanted = new Map<H, number>();
    for (const host of hosts) wanted.set(host, (wanted.get(host) ?? 0) + 1);
    // The end of a capture wakes who waits for it.
    if (all + Math.min(hosts.length, atOnce) > atOnce) break;
    const hasRoom = ([host, count]: readonly [H, number]) =>
      !awaited.has(host) && (counts.get(host) ?? 0) + Math.min(count, perHost) <= perHost;
    if (![...wanted].every(hasRoom)) {
      for (const host of wanted.keys()) awaited.add(host);
      continue;
    }
    for (const [host, count] of wanted) counts.set(host, (counts.get(host) ?? 0) + count);
    all += hosts.length;
    begin.push(unit);
  }
  return { begin, nextMs };
}
