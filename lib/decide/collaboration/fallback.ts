import type { Fallback } from "../../model/index.ts";

/** What the VM runs from when the customer's part ended badly; `nothing`: it was not touched yet. */
export type RunsFrom = "image" | "own-disk" | "checkpoint" | "nothing";

type FallbackWay =
  | { readonly kind: "hand-over"; readonly words: string }
  /** `again`: it runs from that already, so it is only asked whether it serves. */
  | { readonly kind: "own-disk"; readonly again: boolean; readonly words: string }
  | { readonly kind: "checkpoint"; readonly words: string };

/** The agreed fallback, as things are. */
export function fallbackWay(fallback: Fallback, runsFrom: RunsFrom): FallbackWay {
  if (fallback === "hand-over") return { kind: "hand-over", words: "As agreed, nothing more is done." };
  if (fallback === "checkpoint" && runsFrom !== "checkpoint")
    return { kind: "checkpoint", words: "As agreed, it goes back to its newest checkpoint." };
  if (runsFrom === "own-disk" || runsFrom === "checkpoint")
    return { kind: "own-disk", again: true, words: "It is asked whether it serves as it is." };
  return { kind: "own-disk", again: false, words: "As agreed, it is started from its own disk." };
}
