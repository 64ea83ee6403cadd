import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../engine/ports.ts";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    // setTimeout takes 2^31-1 ms at the most, and would take a longer wait for none at all
    await sleep(Math.min(Math.max(0, ms), 2_147_483_647), undefined, signal === undefined ? {} : { signal });
  },
};
