import type { CheckpointStatus } from "./checkpoints.ts";

/** `loud` is told at once; `quiet` is the same protection with newer numbers. */
export type CheckpointNews = "none" | "quiet" | "loud";

const sameOffer = (a: CheckpointStatus["offer"], b: CheckpointStatus["offer"]) =>
  a?.method === b?.method && a?.words === b?.words && a?.lazy === b?.lazy;

const sameStandby = (a: CheckpointStatus["standby"], b: CheckpointStatus["standby"]) =>
  a?.ready === b?.ready && a?.words === b?.words;

/** What of a status is new to people, in sentences; empty where only its numbers are. */
function sentences(before: CheckpointStatus | undefined, after: CheckpointStatus): string[] {
  const { offer, trouble, standby } = after;
  const said: string[] = [];
  if (!sameOffer(before?.offer ?? null, offer))
    said.push(
      offer === null
        ? "it is not known how its state can be saved."
        : `${offer.method === null ? "its state cannot be saved" : `its state can be saved (${offer.method})`}: ${offer.words}`,
    );
  if ((before?.trouble ?? null) !== trouble) said.push(trouble ?? "its state is saved as was chosen.");
  if (!sameStandby(before?.standby ?? null, standby)) said.push(standby?.words ?? "no replica stands by any more.");
  if ((before?.lastAt ?? null) === null && after.lastAt !== null) said.push("a first saved state of it is there.");
  if (before !== undefined && before.lastAt !== null && after.lastAt === null)
    said.push("no saved state of it is left.");
  return said;
}

const numbers = ["lastAt", "keptEveryMs", "costMs", "tookMs"] as const;

/** Whether a status says something new, and what. `before` is undefined where there was none. */
export function checkpointNews(
  before: CheckpointStatus | undefined,
  after: CheckpointStatus,
): { readonly news: CheckpointNews; readonly words: string } {
  const said = sentences(before, after);
  if (before === undefined || said.length > 0)
    return { news: "loud", words: said.join(" ") || "nothing of it was saved yet." };
  const differs = numbers.some((name) => before[name] !== after[name]);
  return { news: differs ? "quiet" : "none", words: "a newer saved state of it is there." };
}
