import type { MessageId } from "../model/index.ts";

/** When a message that was not taken may be tried again: the pause doubles with each try, up to a bound. In memory: a restart tries at once. */
export interface Tries {
  mayTry(id: MessageId, now: number): boolean;
  failed(id: MessageId, now: number): void;
  over(id: MessageId): void;
}

/** One per thread that does not go on; those that are forgotten are tried once too early. */
const mostKnown = 10_000;

export function backOff(firstMs: number, mostMs: number): Tries {
  const known = new Map<MessageId, { readonly count: number; readonly until: number }>();
  return {
    mayTry: (id, now) => now >= (known.get(id)?.until ?? Number.NEGATIVE_INFINITY),
    failed(id, now) {
      const count = known.get(id)?.count ?? 0;
      if (known.size >= mostKnown) known.clear();
      known.set(id, { count: count + 1, until: now + Math.min(mostMs, firstMs * 2 ** count) });
    },
    over: (id) => void known.delete(id),
  };
}
