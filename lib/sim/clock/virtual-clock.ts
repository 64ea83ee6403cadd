import type { Clock } from "../../engine/ports.ts";
import type { EpochMs } from "../../model/index.ts";
import { Timers } from "./timers.ts";

/** A clock that stands still until it is told to go on. The same calls in the same order give the same run, always. */
export interface VirtualClock extends Clock {
  /**
   * Lets `ms` pass: fires every timer that comes due, in order, and lets what each sets off come to rest before the next. `look` is called
   * each time it has: nothing that a timer did is hidden from it by the next.
   */
  advance(ms: number, look?: () => void): Promise<void>;
  /** Calls `fire` after `ms`, unless what it gives back is called before: a sleep without a promise. */
  after(ms: number, fire: () => void): () => void;
  /** Lets time pass until `done()` holds, looking after every timer. False when it does not hold within `limitMs`. */
  runUntil(done: () => boolean, limitMs: number): Promise<boolean>;
  /** Timers that wait: a finished simulation has none left. */
  pending(): number;
  /** Timers that have fired. */
  fired(): number;
}

/** Node takes up its tick queue when no microtask is left, without a turn of the event loop, which would cost more than the timer. */
const settle = () => new Promise<void>((resolve) => process.nextTick(resolve));
/** A turn of the event loop now and then: signals and messages from outside must get in. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
const breatheEvery = 1_000;

export function virtualClock(startMs: EpochMs = 0): VirtualClock {
  const timers = new Timers();
  let nowMs = startMs;
  let busy = false;
  let fired = 0;

  async function go(untilMs: number, done?: () => boolean, look?: () => void): Promise<boolean> {
    if (busy) throw new Error("The virtual clock is already being advanced: advance it from one place only.");
    busy = true;
    try {
      await null; // a tick that is queued from a microtask waits until all of them are done
      await settle();
      look?.();
      while (!done?.()) {
        const timer = timers.take(untilMs);
        if (timer === undefined) {
          nowMs = Math.max(nowMs, untilMs);
          return done?.() ?? true;
        }
        nowMs = Math.max(nowMs, timer.at);
        timer.fire();
        await settle();
        if (++fired % breatheEvery === 0) await breathe();
        look?.();
      }
      return true;
    } finally {
      busy = false;
    }
  }

  return {
    now: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    pending: () => timers.size,
    fired: () => fired,
    advance: async (ms, look) => void (await go(nowMs + ms, undefined, look)),
    runUntil: (done, limitMs) => go(nowMs + limitMs, done),
    after(ms, fire) {
      const timer = timers.add(nowMs + Math.max(0, ms), fire);
      return () => timers.cancel(timer);
    },
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
