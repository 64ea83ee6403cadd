import type { Agreement } from "./collaboration.ts";
import type { CloudPolicy } from "./hosts.ts";

/** What holds of an agreement: the nearest to it that the provider offers now. */
export const agreementWithin = (
  agreement: Agreement,
  { answerMostMs, finishMostMs }: Pick<CloudPolicy, "answerMostMs" | "finishMostMs">,
): Agreement => ({
  answerWithinMs: Math.min(agreement.answerWithinMs, answerMostMs),
  finishWithinMs: Math.min(agreement.finishWithinMs, finishMostMs),
  fallback: agreement.fallback,
});
