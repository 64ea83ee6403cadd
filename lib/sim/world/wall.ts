import type { EpochMs } from "../../model/index.ts";

/** The time of day on Belay's machine: a person or a time server may set it, forward or back, while the world's time goes on. */
export interface WallClock {
  /** What it showed, or shows, at an instant of the world. */
  at(worldMs: EpochMs): EpochMs;
  /** The instant of the world that was written down as `wallMs`: the first, where the clock was set back and showed it twice. */
  toWorld(wallMs: EpochMs): EpochMs;
  jump(ms: number): void;
}

export function wallClock(now: () => EpochMs): WallClock {
  const beganMs = now();
  const jumps: { readonly since: EpochMs; readonly offsetMs: number }[] = [];
  const last = () => jumps.at(-1);
  return {
    at: (worldMs) => worldMs + (jumps.findLast((it) => it.since <= worldMs)?.offsetMs ?? 0),
    toWorld(wallMs) {
      for (const [index, { since, offsetMs }] of [{ since: beganMs, offsetMs: 0 }, ...jumps].entries()) {
        const world = wallMs - offsetMs;
        if (world >= since && world <= (jumps[index]?.since ?? now())) return world;
      }
      return wallMs - (last()?.offsetMs ?? 0);
    },
    jump: (ms) => void jumps.push({ since: now(), offsetMs: (last()?.offsetMs ?? 0) + ms }),
  };
}
