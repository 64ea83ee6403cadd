/** A beat that comes so late says that the whole process stood still, or the machine did: what was not heard then means nothing. */
const stoodStillMs = 1_000;
const afterMs = 2_000;
export const beatEveryMs = 250;

/** Tells whether the process itself stood still. Beats come by a timer of their own, whatever else is waited for. Pure but for what it remembers. */
export class Standstill {
  #beatAtMs: number;
  #trustFromMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#beatAtMs = nowMs;
  }

  beat(nowMs: number): void {
    this.look(nowMs);
    this.#beatAtMs = nowMs;
  }

  /** How long it stood still, when that was just found. Called before hosts are judged too: who judges may go on before the late beat does. */
  look(nowMs: number): number | undefined {
    const overMs = nowMs - this.#beatAtMs - beatEveryMs;
    if (overMs < stoodStillMs) return undefined;
    this.#beatAtMs = nowMs;
    this.#trustFromMs = nowMs + afterMs;
    return overMs;
  }

  /** Whether hosts may be judged by what was heard. */
  mayJudge = (nowMs: number): boolean => nowMs >= this.#trustFromMs;
}
