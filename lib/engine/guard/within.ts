import type { Clock } from "../ports.ts";

/** What `work` gives, or `late` when it does not end in time. The work itself is not stopped; an error after that is nobody's. */
export async function within<T, L>(clock: Clock, ms: number, work: Promise<T>, late: L): Promise<T | L> {
  const done = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(ms, done.signal).then(() => late)]);
  } finally {
    done.abort();
    work.catch(() => undefined);
  }
}
