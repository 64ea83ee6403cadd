import type { z } from "zod";
import type { changeApplicationBody } from "../contract/index.ts";
import { type Application, BelayError, type CloudPolicy, intervalWords } from "../model/index.ts";

type Change = z.infer<typeof changeApplicationBody>;
type Offer = Pick<CloudPolicy, "modesOffered" | "answerMostMs" | "finishMostMs">;

/** What people choose lies within what the provider offers. What was chosen before and is not changed stays as it is. */
export function refuseBeyondOffer({ mode, agreement }: Change, application: Application, offer: Offer): void {
  const { modesOffered, answerMostMs, finishMostMs } = offer;
  if (mode !== undefined && mode !== application.mode && !modesOffered.includes(mode))
    throw new BelayError("bad-input", `The provider does not offer the mode ${mode} now.`, {
      field: "mode",
      cure: `Choose one of: ${modesOffered.join(", ")}.`,
    });
  refuseLonger(
    "answerWithinMs",
    agreement?.answerWithinMs,
    answerMostMs,
    "A repair does not wait that long for an answer",
  );
  refuseLonger(
    "finishWithinMs",
    agreement?.finishWithinMs,
    finishMostMs,
    "A repair does not wait that long for its end",
  );
}

function refuseLonger(name: string, chosenMs: number | undefined, mostMs: number, words: string): void {
  if (chosenMs === undefined || chosenMs <= mostMs) return;
  throw new BelayError("bad-input", `${words}: ${intervalWords(chosenMs)}.`, {
    field: `agreement.${name}`,
    cure: `Choose at most ${intervalWords(mostMs)} (${mostMs} ms).`,
  });
}
