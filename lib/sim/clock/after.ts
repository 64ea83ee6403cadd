import type { Clock } from "../../engine/ports.ts";
import { Bag } from "./bag.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Calls `fire` after `ms`, unless what it gives back is called before. */
export type After = (ms: number, fire: () => void) => () => void;

/** On a virtual clock a plain timer, which costs a tenth of a sleep with a signal; on any other such a sleep. */
export function afterOn(clock: Clock & Partial<Pick<VirtualClock, "after">>): After {
  if (clock.after) return clock.after;
  return (ms, fire) => {
    const given = new AbortController();
    clock.sleep(ms, given.signal).then(fire, () => undefined);
    return () => given.abort();
  };
}

/** Sleeps that all end together: each is a timer, and none needs a signal of its own. */
export interface Sleeps {
  sleep(ms: number): Promise<void>;
  /** Rejects every sleep with the reason. */
  end(reason: unknown): void;
}

export function sleepsOn(after: After): Sleeps {
  const waiting = new Bag<(reason: unknown) => void>();
  return {
    sleep: (ms) =>
      new Promise((resolve, reject) => {
        const giveUp = after(ms, () => {
          waiting.remove(place);
          resolve();
        });
        const place = waiting.add((reason) => {
          giveUp();
          reject(reason);
        });
      }),
    end(reason) {
      for (const end of waiting.empty()) end(reason);
    },
  };
}
