/** What Apache's mod_status counts: requests since its start, of all kinds. Undefined for what is not its page. */
export function accessesIn(status: string): number | undefined {
  const found = /^Total Accesses: (\d+)$/m.exec(status)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * Requests that were answered between two looks, without the look itself, which it counts too. A smaller count is that of a server that was
 * started anew. Pure.
 */
export function answeredSince(before: number | undefined, now: number): number {
  if (before === undefined) return 0;
  return Math.max(0, now < before ? now - 1 : now - before - 1);
}
