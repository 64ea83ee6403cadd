import type { EpochMs } from "../../model/index.ts";
import type { Env } from "../env.ts";

/** A wake may be lost: then it is seen a little later. */
const pollMs = 500;

/** So long until an instant by the time of day, which may have been set back since the instant was chosen: never longer than waits may be. */
export const untilOrAtMost = (leftMs: number, mostMs: number): number => Math.min(Math.max(0, leftMs), mostMs);

/** What was taken from the customer in time may reach us a moment later. */
export const graceMs = 200;

/** The end of a wait until an instant by the time of day, on the clock that is never set: `mostMs` and that moment from now at the latest. */
export const deadlineOf = ({ clock }: Pick<Env, "clock">, at: EpochMs, mostMs: number): number =>
  clock.monotonicMs() + untilOrAtMost(at - clock.now(), mostMs) + graceMs;

/**
 * Asks again and again, and at once when a message came, until there is an answer; undefined when the time is over. The time is measured
 * on the clock that is never set.
 */
export async function heardWithin<T>(
  { clock, wakes }: Pick<Env, "clock" | "wakes">,
  untilMs: () => number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  let wake: AbortController | undefined;
  let woken = false;
  const stop = wakes.onWake((what) => {
    if (what !== "messages") return;
    woken = true;
    wake?.abort("a message came");
  });
  try {
    for (;;) {
      woken = false;
      const found = await ask();
      if (found !== undefined) return found;
      const leftMs = untilMs() - clock.monotonicMs();
      if (leftMs <= 0) return undefined;
      if (woken) continue;
      wake = new AbortController();
      await clock.sleep(Math.min(pollMs, leftMs), wake.signal).catch(() => undefined);
      wake = undefined;
    }
  } finally {
    stop();
  }
}
