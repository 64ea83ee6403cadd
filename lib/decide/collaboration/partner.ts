import type { Cause, Certainty, Fallback } from "../../model/index.ts";

/** The other side of a collaborative repair, as far as a plan needs to know. */
export interface Together {
  /** A manager of the owner's was heard at least once, or there is an endpoint to send to. */
  readonly reachable: boolean;
  readonly fallback: Fallback;
}

export const askedTogether = "Its owner's manager is asked how it is repaired, and finishes the repair.";
const neverHeard = "Its owner's manager has never connected";
export const aloneAsAgreed = `${neverHeard}: the provider repairs alone, as agreed.`;
export const nothingAsAgreed = `${neverHeard}, and as agreed nothing is done without it.`;

/**
 * The provider alone cannot be sure enough of this failure: the customer's sensors are asked before anything is done that would cost a guest its
 * work.
 */
export const asksCustomersView = (cause: Cause, certainty: Certainty): boolean =>
  cause === "unreachable" || (cause === "hung" && certainty !== "certain") || certainty === "unsure";
