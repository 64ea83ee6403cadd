import { type Played, playSchedule, type Schedule } from "./play.ts";

/** What kind of thing was broken: the invariant's number, else how the sentence begins. Names and times change while it shrinks. */
export const kindOf = (words: string): string => /^\d+:/.exec(words)?.[0] ?? words.split(" ").slice(0, 3).join(" ");

/**
 * The same breach with fewer steps and shorter pauses: leaves out ever smaller pieces, then shortens the pauses, as long as the first
 * thing that broke still breaks. At most `plays` runs.
 */
export async function shrink(
  failing: Played,
  seed: number,
  options: { plays?: number; play?: (schedule: Schedule, seed: number) => Promise<Played> } = {},
): Promise<Played> {
  const { plays = 600, play = playSchedule } = options;
  const kind = kindOf(failing.broken[0]?.words ?? "");
  let best = failing;
  let left = plays;

  async function still(schedule: Schedule): Promise<boolean> {
    if (left-- <= 0) return false;
    const played = await play(schedule, seed);
    if (!played.broken.some(({ words }) => kindOf(words) === kind)) return false;
    best = played.schedule.length <= schedule.length ? played : best;
    return true;
  }

  async function leaveOut(): Promise<boolean> {
    const before = best.schedule.length;
    for (let size = Math.ceil(before / 2); size >= 1 && left > 0; size = size === 1 ? 0 : Math.ceil(size / 2))
      for (let at = 0; at < best.schedule.length && left > 0; ) {
        const without = best.schedule.filter((_, index) => index < at || index >= at + size);
        if (!(await still(without))) at += size;
      }
    return best.schedule.length < before;
  }

  async function shorten(): Promise<void> {
    for (let at = 0; at < best.schedule.length && left > 0; at++) {
      const afterMs = best.schedule[at]?.afterMs ?? 0;
      for (const shorter of [0, 100, 1000, Math.round(afterMs / 2)])
        if (
          shorter < afterMs &&
          (await still(best.schedule.map((it, i) => (i === at ? { ...it, afterMs: shorter } : it))))
        )
          break;
    }
  }

  while (left > 0 && (await leaveOut())); // what is left out may let more be left out
  await shorten();
  return best;
}
