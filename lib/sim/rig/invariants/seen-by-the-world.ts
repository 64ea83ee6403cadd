import type { Invariant } from "./sight.ts";

/** What the world itself saw while it happened (two copies at once, a healthy guest stopped), and kills that nobody asked for. */
export const seenByTheWorld: Invariant = ({ world, tables }) => {
  let seen = 0;
  let seenKills = 0;
  return function* () {
    const all = world.violations();
    for (; seen < all.length; seen++) {
      const violation = all[seen];
      // What nobody could have held is told in the story, and is no breach.
      if (violation && violation.limit === null) yield `${violation.invariant}: ${violation.words}`;
    }
    for (; seenKills < world.injected.length; seenKills++) {
      const kill = world.injected[seenKills];
      if (kill && ![...tables.intents.values()].some((it) => it.uuid === kill.uuid && it.runId === kill.runId))
        yield `6: run ${kill.runId} of ${world.guest(kill.uuid)?.name} was killed and nobody had asked for it.`;
    }
  };
};
