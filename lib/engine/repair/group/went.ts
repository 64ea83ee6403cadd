import type { StepEnd } from "../step.ts";
import type { Instant, Seat } from "./parts.ts";

/** `no`: not to this instant, or not on these hosts, in words; an older one may do. */
type Went<T> = { readonly kind: "yes"; readonly value: T } | { readonly kind: "no"; readonly words: string };
export type End<T> = StepEnd<Went<T>>;

export const yes = <T>(value: T, words: string): End<T> => ({ ok: true, words, value: { kind: "yes", value } });
export const no = (words: string, detail?: string): End<never> => ({
  ok: true,
  words,
  detail,
  value: { kind: "no", words },
});
export const ended = (words: string): StepEnd<never> => ({ ok: false, words });

/** What of all of them comes to: one that its host took away counts before one that could not go back. */
export function ofAll<T>(ends: readonly End<T>[], words: string): End<readonly T[]> {
  const gone = ends.find((it) => !it.ok);
  if (gone !== undefined && !gone.ok) return gone;
  const values: T[] = [];
  for (const end of ends) {
    if (!end.ok) continue;
    if (end.value.kind === "no") return no(end.value.words, end.detail);
    values.push(end.value.value);
  }
  return yes(values, words);
}

export const checkpointOf = ({ of }: Instant, { vm }: Seat) => of.find((it) => it.vm === vm)?.checkpoint;
