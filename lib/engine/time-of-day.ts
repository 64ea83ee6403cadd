import type { EpochMs } from "../model/index.ts";
import type { Clock } from "./ports.ts";

/** For people: the time of day, as it is set now, of an instant on the clock that is never set. */
export const timeOfDay = (clock: Pick<Clock, "now" | "monotonicMs">, instantMs: number): EpochMs =>
  Math.round(clock.now() - (clock.monotonicMs() - instantMs));
