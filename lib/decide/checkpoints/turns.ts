/**
 * When each VM's next capture is due. Each VM has a place of its own in its period, so that VMs of one host do not stand still together, and
 * keeps to it: what begins late does not make the next one later. Times are of the clock that is never set.
 */
export interface Turn {
  readonly everyMs: number;
  readonly dueMs: number;
  /** After failures: not before then. */
  readonly notBeforeMs: number;
  readonly failures: number;
}

/** The first capture comes soon after it is wanted, but those of a whole cloud do not come at once. */
const firstWithinMs = 5_000;
const firstPauseMs = 5_000;
const longestPauseMs = 5 * 60_000;

/** Where in a period of `overMs` the VM's place is: always the same (FNV-1a). */
export function placeOf(vm: string, overMs: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < vm.length; index++) hash = Math.imul(hash ^ vm.charCodeAt(index), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return (((hash ^ (hash >>> 12)) >>> 0) / 2 ** 32) * overMs;
}

/** The VM's next instant after this one: never later than a period from it. */
export function nextOf(vm: string, everyMs: number, afterMs: number): number {
  const since = (((afterMs - placeOf(vm, everyMs)) % everyMs) + everyMs) % everyMs;
  return afterMs + everyMs - since;
}

/** `lastAgeMs`: how old the newest checkpoint is; undefined where there is none, or none that this life may rely on. */
export function firstTurn(vm: string, everyMs: number, nowMs: number, lastAgeMs: number | undefined): Turn {
  const soon = nowMs + placeOf(vm, Math.min(everyMs, firstWithinMs));
  const next = lastAgeMs === undefined ? soon : Math.max(soon, nowMs + everyMs - lastAgeMs);
  return { everyMs, dueMs: Math.min(next, nextOf(vm, everyMs, nowMs)), notBeforeMs: nowMs, failures: 0 };
}

/** Another interval was chosen: it holds from now on. */
export const withInterval = (turn: Turn, vm: string, everyMs: number, nowMs: number): Turn =>
  turn.everyMs === everyMs ? turn : { ...turn, everyMs, dueMs: nextOf(vm, everyMs, nowMs) };

/** A capture begins. One that takes longer than the interval finds the next one due when it ends. */
export const begun = (turn: Turn, vm: string, nowMs: number): Turn => ({
  ...turn,
  dueMs: nextOf(vm, turn.everyMs, Math.max(nowMs, turn.dueMs)),
});

export const succeeded = (turn: Turn): Turn => (turn.failures === 0 ? turn : { ...turn, failures: 0 });

export const pauseAfter = (failures: number): number => Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));

/** It is due again at once, but the pauses grow with each failure in a row. */
export const failed = (turn: Turn, nowMs: number): Turn => {
  const failures = turn.failures + 1;
  return { ...turn, failures, dueMs: Math.min(turn.dueMs, nowMs), notBeforeMs: nowMs + pauseAfter(failures) };
};

/** Nothing went wrong, and it cannot be now: it is looked at again after this while. */
export const putOff = (turn: Turn, nowMs: number, ms: number): Turn => ({
  ...turn,
  dueMs: Math.min(turn.dueMs, nowMs),
  notBeforeMs: nowMs + ms,
});

export const readyMs = (turn: Turn): number => Math.max(turn.dueMs, turn.notBeforeMs);
