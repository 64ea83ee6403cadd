import { type Agreement, fallbacks } from "./collaboration.ts";
import type { Application } from "./entities.ts";
import { intervalWords } from "./interval-words.ts";
import { type ProtectionMode, protectionModes } from "./techniques.ts";

const savedWords = (everyMs: number | null): string =>
  everyMs === null ? "Its VMs are not saved." : `Its VMs are saved every ${intervalWords(everyMs)}.`;

const agreementWords = ({ answerWithinMs, finishWithinMs, fallback }: Agreement): string =>
  `Its owner's manager answers within ${intervalWords(answerWithinMs)} and finishes within ${intervalWords(finishWithinMs)}, or else: ` +
  fallbacks[fallback];

/** What a person's choice makes of an application: for its row, for the audit, and in sentences; no sentence where nothing changes. */
export function applicationChanges(
  before: Application,
  to: {
    readonly mode?: ProtectionMode | undefined;
    readonly checkpointEveryMs?: number | null | undefined;
    readonly agreement?: Partial<Agreement> | undefined;
  },
): { readonly after: Application; readonly details: object; readonly words: readonly string[] } {
  const { mode = before.mode, checkpointEveryMs = before.checkpointEveryMs } = to;
  const { answerWithinMs = before.agreement.answerWithinMs, finishWithinMs = before.agreement.finishWithinMs } =
    to.agreement ?? {};
  const agreement: Agreement = {
    ...{ answerWithinMs, finishWithinMs },
    fallback: to.agreement?.fallback ?? before.agreement.fallback,
  };
  const after: Application = { ...before, mode, checkpointEveryMs, agreement };
  const isOther = mode !== before.mode;
  const isSaved = checkpointEveryMs !== before.checkpointEveryMs;
  const isAgreed =
    answerWithinMs !== before.agreement.answerWithinMs ||
    finishWithinMs !== before.agreement.finishWithinMs ||
    agreement.fallback !== before.agreement.fallback;
  return {
    after,
    details: {
      ...(isOther && { from: before.mode, to: mode }),
      ...(isSaved && { checkpointEveryMs: { from: before.checkpointEveryMs, to: checkpointEveryMs } }),
      ...(isAgreed && { agreement: { from: before.agreement, to: agreement } }),
    },
    words: [
      ...(isOther ? [protectionModes[mode]] : []),
      ...(isSaved ? [savedWords(checkpointEveryMs)] : []),
      ...(isAgreed ? [agreementWords(agreement)] : []),
    ],
  };
}
