/** What a sensor saw, one look after the other, as one state. Pure. */
export type Look = "ok" | "failing";

export interface Seen {
  readonly looks: readonly Look[];
  readonly words: string;
  readonly atMs: number;
}

const kept = 3;
const neededOf = 2;

/** `certain`: a dead process is dead; a lost ping may be a busy network. */
export const seen = (before: Seen | undefined, look: Look, words: string, atMs: number): Seen => ({
  looks: [...(before?.looks ?? []), look].slice(-kept),
  words: look === "failing" || words !== "" ? words : "",
  atMs,
});

export function stateOf(
  of: Seen | undefined,
  certain: boolean,
  nowMs: number,
  freshForMs: number,
): { readonly state: "ok" | "failing" | "unknown"; readonly words: string } {
  if (of === undefined) return { state: "unknown", words: "It has not looked yet." };
  const ageMs = nowMs - of.atMs;
  if (ageMs > freshForMs)
    return { state: "unknown", words: `Nothing was heard of it for ${Math.round(ageMs / 1000)} s.` };
  const last = of.looks.at(-1);
  const failed = of.looks.filter((look) => look === "failing").length;
  if (certain) return { state: last ?? "unknown", words: of.words };
  if (failed >= neededOf) return { state: "failing", words: of.words };
  if (last === "ok" || of.looks.length > 1)
    return { state: "ok", words: last === "ok" ? of.words : `Once: ${of.words}` };
  // A first look that failed says nothing yet.
  return { state: "unknown", words: of.words };
}
