import type { Allocation } from "../../model/index.ts";
import type { DomainSight } from "../ports.ts";
import { isOffByHand } from "../repair/off-by-hand.ts";

/** A person has switched it off since an earlier life of Belay started it; not Belay, in a take-back that was cut short. */
export const isLeftOff = (
  { takingBack }: Pick<Allocation, "takingBack">,
  sight: Pick<DomainSight, "state" | "reason"> | undefined,
): boolean => !takingBack && isOffByHand(sight);

/** What became of it, of how it was seen last. That it died at its start is news to who watches it from now on, and no wish. */
export function madeWords({ state, reason }: { readonly state: string; readonly reason: string }): string {
  if (state === "stopped" && (reason === "destroyed" || reason === "shutdown"))
    return "It was made, and switched off since.";
  return state === "stopped" || state === "unknown" ? "It was made." : "It was made and started.";
}
