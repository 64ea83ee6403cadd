import { setTimeout as sleep } from "node:timers/promises";
import { workloadStats } from "./workload.ts";

const everyMs = 40;
const tickMs = 10;

export interface History {
  /** When the guest's program was at this step, by our clock; between two looks it is reckoned. */
  whenWas(ticks: number): number;
  end(): void;
}

/** Looks at the program's clock again and again, from outside. */
export function openHistory(address: string): History {
  const seen: { readonly at: number; readonly ticks: number }[] = [];
  let ended = false;
  void (async () => {
    while (!ended) {
      const asked = Date.now();
      const stats = await workloadStats(address);
      if (stats !== undefined && !ended) seen.push({ at: (asked + Date.now()) / 2, ticks: stats.ticks });
      await sleep(everyMs);
    }
  })();
  return {
    whenWas(ticks) {
      const last = seen.findLast((it) => it.ticks <= ticks) ?? seen[0];
      // From before we looked: longer ago by so many steps at least.
      return last === undefined ? Number.NaN : last.at + (ticks - last.ticks) * tickMs;
    },
    end() {
      ended = true;
    },
  };
}
