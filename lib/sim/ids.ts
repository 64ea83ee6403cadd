import type { Clock, Ids } from "../engine/ports.ts";
import { type IdKind, type IdSource, idSource } from "../model/index.ts";
import { seededRandom } from "./random.ts";

/** Ids from one seeded stream for each kind: one more id of one kind leaves the others as they were. */
export function seededIds(seed: number, clock: Pick<Clock, "now">): Ids {
  const sources = new Map<IdKind, IdSource>();
  return {
    next(kind) {
      const known = sources.get(kind);
      if (known) return known.next(kind);
      const source = idSource(clock.now, seededRandom(seed, `ids of ${kind}`).next);
      sources.set(kind, source);
      return source.next(kind);
    },
  };
}
