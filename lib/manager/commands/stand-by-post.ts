import { setTimeout as sleep } from "node:timers/promises";
import { type Agent, sayError } from "../agent/index.ts";
import { type Api, askToStand } from "../api/index.ts";
import type { Log } from "../servers.ts";

const askEveryMs = 3_000;
const askWithinMs = 5_000;

type Who = Parameters<typeof askToStand>[1];

export interface StandingByPost {
  /** Another manager has the right, as the provider says: nothing more is done until it is asked again. */
  lost(): void;
  close(): void;
}

/**
 * The right to act of a manager that has no standing connection: it asks for it again and again, and has it from when it asked for as long
 * as the provider said. What is not answered runs out by itself.
 */
export function standByPost(
  api: Pick<Api, "ask">,
  who: Who,
  agent: Pick<Agent, "stand">,
  log: Log,
  everyMs = askEveryMs,
): StandingByPost {
  const closing = new AbortController();
  const { signal } = closing;
  let stands: string | undefined;
  let lapse: NodeJS.Timeout | undefined;
  let told = "";
  const sayOnce = (words: string) => {
    if (words !== told) log(words);
    told = words;
  };

  function stand(standing: "active" | "standby" | null, epoch?: number): void {
    clearTimeout(lapse);
    const now = `${standing} ${epoch}`;
    if (now === stands) return;
    stands = now;
    agent.stand(standing, epoch);
  }

  async function ask(): Promise<void> {
    const askedAtMs = performance.now();
    const { standing, epoch, leaseMs } = await askToStand(
      api,
      who,
      AbortSignal.any([signal, AbortSignal.timeout(askWithinMs)]),
    );
    if (signal.aborted) return;
    const leftMs = askedAtMs + leaseMs - performance.now();
    if (standing === "standby") {
      sayOnce("Another manager of the organization is active, this one stands by.");
      return stand("standby", 0);
    }
    if (leftMs <= 0) return;
    sayOnce("This manager is the active one.");
    stand("active", epoch);
    lapse = setTimeout(() => stand(null), leftMs);
  }

  async function askAgainAndAgain(): Promise<void> {
    while (!signal.aborted) {
      await ask().catch((error: unknown) => {
        if (!signal.aborted) sayOnce(`Whether this manager may act is not known: ${sayError(error)}`);
      });
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
  }
  void askAgainAndAgain();

  return {
    lost: () => stand(null),
    close() {
      closing.abort(new Error("the manager ends"));
      clearTimeout(lapse);
    },
  };
}
