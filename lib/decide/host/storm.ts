import type { CloudPolicy } from "../../model/index.ts";

interface StormQuestion {
  /** Hosts that are dead, or were found dead within the policy's window, the one that is asked about with them. */
  readonly lost: number;
  /** Hosts that are overdue and that nobody is known to reach: they may be dead in a moment. */
  readonly suspects: number;
  readonly enrolled: number;
  readonly policy: Pick<CloudPolicy, "stormPercent" | "stormWindowMs">;
}

export type Storm =
  | { readonly kind: "go" }
  /** It depends on the suspects: look again in a moment. */
  | { readonly kind: "wait" }
  | { readonly kind: "hold"; readonly words: string };

/**
 * Many hosts lost at once are rather our mistake, or a person's, than their deaths: then a person is asked before anything is switched
 * off. One host alone is never many.
 */
export function stormOf({ lost, suspects, enrolled, policy }: StormQuestion): Storm {
  const most = Math.max(1, (enrolled * policy.stormPercent) / 100);
  if (lost > most) {
    const within = Math.round(policy.stormWindowMs / 1000);
    return {
      kind: "hold",
      words: `${lost} of ${enrolled} hosts were lost within ${within} s. That is more than Belay repairs by itself: say whether to go on.`,
    };
  }
  return lost + suspects > most ? { kind: "wait" } : { kind: "go" };
}
