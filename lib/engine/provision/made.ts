import type { Allocation } from "../../model/index.ts";
import type { DomainSight } from "../ports.ts";
import { isOffByHand } from "../repair/bring-up.ts";

/**
 * Written before it is begun, and so known of a take-back that was cut short: that the VM is off then says nothing of a person's wish.
 * Another sentence takes its place once it is gone there, or runs.
 */
export const takingBack = "It is taken away from the machine that it was to run on.";

/** Said while it is not known what is there: no hand was laid on it yet. */
export const notAsked = "The machine that it was to run on cannot be asked. It is given up as soon as it can.";

/** A person has switched it off since an earlier life of Belay started it. */
export const isLeftOff = (
  { words }: Pick<Allocation, "words">,
  sight: Pick<DomainSight, "state" | "reason"> | undefined,
): boolean => words !== takingBack && isOffByHand(sight);

/** What became of it, of how it was seen last. That it died at its start is news to who watches it from now on, and no wish. */
export function madeWords({ state, reason }: { readonly state: string; readonly reason: string }): string {
  if (state === "stopped" && (reason === "destroyed" || reason === "shutdown"))
    return "It was made, and switched off since.";
  return state === "stopped" || state === "unknown" ? "It was made." : "It was made and started.";
}
