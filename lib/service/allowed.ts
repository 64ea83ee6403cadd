import { BelayError } from "../model/index.ts";

/** Throws the reason of a `can` answer as a refusal. */
export function must(answer: true | string, more: { field?: string; cure?: string } = {}): void {
  if (answer !== true) throw new BelayError("not-allowed", answer, more);
}

/**
 * The thing, if it exists and `seen` says that the viewer may see it. Both lacks look the same from outside: otherwise the
 * difference would tell a customer what others have.
 */
export function found<T>(what: string, thing: T | undefined, seen: (thing: T) => true | string, field = "id"): T {
  if (thing !== undefined && seen(thing) === true) return thing;
  throw new BelayError("not-found", `There is no such ${what}.`, { field });
}
