import type { Clock } from "../../engine/ports.ts";
import type { EpochMs } from "../../model/index.ts";
import { Timers } from "./timers.ts";

/** A clock that stands still until it is told to go on. The same calls in the same order give the same run, always. */
export interface VirtualClock extends Clock {
  /** Lets `ms` pass: fires every timer that comes due, in order, and lets what each sets off come to rest before the next. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until `done()` holds, looking after every timer. False when it does not hold within `limitMs`. */
  runUntil(done: () => boolean, limitMs: number): Promise<boolean>;
  /** Timers that wait: a finished simulation has none left. */
  pending(): number;
}

/** All microtasks, and those that they make, run before the event loop takes up an immediate. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export function virtualClock(startMs: EpochMs = 0): VirtualClock {
  const timers = new Timers();
  let nowMs = startMs;
  let busy = false;

  async function go(untilMs: number, done?: () => boolean): Promise<boolean> {
    if (busy) throw new Error("The virtual clock is already being advanced: advance it from one place only.");
    busy = true;
    try {
      await settle();
      while (!done?.()) {
        const timer = timers.take(untilMs);
        if (timer === undefined) {
          nowMs = Math.max(nowMs, untilMs);
          return done?.() ?? true;
        }
        nowMs = Math.max(nowMs, timer.at);
        timer.fire();
        await settle();
      }
      return true;
    } finally {
      busy = false;
    }
  }

  return {
    now: () => nowMs,
    pending: () => timers.size,
    advance: async (ms) => void (await go(nowMs + ms)),
    runUntil: (done, limitMs) => go(nowMs + limitMs, done),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const abort = () => {
          timers.cancel(timer);
          reject(signal?.reason);
        };
        const timer = timers.add(nowMs + Math.max(0, ms), () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        });
        signal?.addEventListener("abort", abort, { once: true });
      }),
  };
}
