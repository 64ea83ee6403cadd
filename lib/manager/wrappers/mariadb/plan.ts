import { covers, type Position } from "./gtid.ts";

/** What one database server is, before it may get work. */
export interface DatabaseState {
  /** Its data were complete once: seeded, copied, or restored. */
  readonly whole: boolean;
  /** It is in rotation. */
  readonly open: boolean;
  readonly position: Position;
}

export interface PlanInput {
  /** Its number, and the domain of its own transactions. */
  readonly id: number;
  readonly self: DatabaseState;
  /** null: it has none. "silent": it cannot be asked. */
  readonly mirror: null | "silent" | DatabaseState;
  /** The mirror has rows in another form than this server: see follow.ts. */
  readonly differs: boolean;
  /** As the manager last knew: false once a repair of it began, or where it never was whole. */
  readonly mirrorWasWhole: boolean;
  /** Before its mirror in the description. */
  readonly first: boolean;
  /** Data were made once: an empty database is a loss from then on, and not a beginning. */
  readonly seeded: boolean;
  readonly saved: boolean;
}

export type Plan =
  /** Its data are the newest there are. */
  | { readonly kind: "open" }
  /** It has what its mirror had: only what is new is read. */
  | { readonly kind: "follow" }
  /** All data are read from the mirror. */
  | { readonly kind: "copy" }
  | { readonly kind: "seed" }
  | { readonly kind: "restore" }
  | { readonly kind: "wait"; readonly words: string }
  | { readonly kind: "refuse"; readonly words: string };

/**
 * How a server that was just started comes to be up to date. Never guesses: where both halves may have what the other lacks, a person
 * decides. Pure.
 */
export function planSync({ id, self, mirror, differs, mirrorWasWhole, first, seeded, saved }: PlanInput): Plan {
  const fromNothing = (): Plan => {
    if (saved) return { kind: "restore" };
    if (!seeded) return { kind: "seed" };
    return { kind: "refuse", words: "Its data are lost: there is neither a mirror to copy from nor a save." };
  };
  if (mirror === null) return self.whole ? { kind: "open" } : fromNothing();
  if (mirror === "silent") {
    if (self.whole && !mirrorWasWhole) return { kind: "open" };
    if (!self.whole && !mirrorWasWhole && first) return fromNothing();
    return { kind: "wait", words: "Its mirror cannot be asked, and may have newer data." };
  }
  if (mirror.open) {
    if (!self.whole || differs) return { kind: "copy" };
    // Its own transactions never come back to it from others: it must have exactly those that its mirror has.
    const own = (self.position.get(id) ?? 0) === (mirror.position.get(id) ?? 0);
    return own && covers(mirror.position, self.position) ? { kind: "follow" } : { kind: "copy" };
  }
  if (!mirror.whole) {
    if (self.whole) return { kind: "open" };
    return first ? fromNothing() : { kind: "wait", words: "Its mirror comes first, and is not up yet." };
  }
  if (!self.whole) return { kind: "wait", words: "Its mirror has the data, and is not in rotation yet." };
  const more = covers(self.position, mirror.position);
  const less = covers(mirror.position, self.position);
  if (more && less)
    return first ? { kind: "open" } : { kind: "wait", words: "Its mirror has the same data and comes first." };
  if (more) return { kind: "open" };
  if (less) return { kind: "wait", words: "Its mirror has newer data, and is not in rotation yet." };
  return { kind: "refuse", words: "Each of the two has transactions that the other lacks." };
}
