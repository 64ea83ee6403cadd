import type { CustomerMessage, EpochMs, ProposedTechnique } from "../../model/index.ts";

type Technique = ProposedTechnique["technique"];

/** What was proposed. Instants by the time of day of the server. */
export interface Offer {
  /** The provider's choice first. */
  readonly techniques: readonly Technique[];
  readonly answerBy: EpochMs;
  readonly latest: EpochMs;
}

export interface HeardAt {
  readonly at: EpochMs;
  readonly message: CustomerMessage;
}

export type AnswerStanding =
  | { readonly kind: "waiting"; readonly until: EpochMs; readonly postponed: string | null }
  | { readonly kind: "agreed"; readonly technique: Technique; readonly words: string }
  | { readonly kind: "declined"; readonly words: string }
  | { readonly kind: "silent"; readonly words: string };

/**
 * What the customer's messages so far amount to. The first word that settles it counts; what came after the deadline, or names what was
 * not proposed, does not. To wait moves the deadline, never past `latest`; when that is over the customer is silent like any other.
 */
export function answerTo(
  { techniques, answerBy, latest }: Offer,
  heard: readonly HeardAt[],
  now: EpochMs,
): AnswerStanding {
  let until = answerBy;
  let postponed: string | null = null;
  for (const { at, message } of heard) {
    if (at > until) break;
    const [first] = techniques;
    if (message.kind === "repair.accepted" && first !== undefined)
      return { kind: "agreed", technique: first, words: "Its owner's manager agreed." };
    if (message.kind === "repair.chosen" && techniques.includes(message.technique))
      return { kind: "agreed", technique: message.technique, words: "Its owner's manager chose this way." };
    if (message.kind === "repair.declined") return { kind: "declined", words: message.words };
    if (message.kind === "repair.postponed") {
      until = Math.min(message.until, latest);
      postponed = message.words;
    }
  }
  if (now < until) return { kind: "waiting", until, postponed };
  return {
    kind: "silent",
    words:
      postponed === null
        ? "Its owner's manager did not answer in time."
        : "Its owner's manager asked to wait, and did not answer until then.",
  };
}
