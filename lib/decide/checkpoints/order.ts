import type { EpochMs } from "../../model/index.ts";

/** Clocks of hosts and Belay's own differ by so much at most. */
const skewMs = 60_000;

/** Newest first. One from the future is from before a clock was set back: it is older than all that were taken since. */
export function inOrder<C extends { readonly at: EpochMs }>(checkpoints: readonly C[], now: EpochMs): C[] {
  const isFuture = (it: C) => it.at > now + skewMs;
  return [...checkpoints].sort((a, b) => Number(isFuture(a)) - Number(isFuture(b)) || b.at - a.at);
}
