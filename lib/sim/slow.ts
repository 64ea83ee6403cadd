import type { Clock } from "../engine/ports.ts";
import type { Random } from "./random.ts";
import { wrapMethods } from "./wrap-methods.ts";

/**
 * A port whose every method returns a promise, with time in between as over a socket: other calls come in between, and a process
 * may die before the call arrives or before its answer does. The time falls on one way or the other, drawn for each call; a span that
 * is zero at its top is a port that answers at once.
 */
export const slow = <P extends object>(port: P, clock: Clock, random: Random, ms: { min: number; max: number }): P =>
  wrapMethods(port, (call) => async (...given) => {
    const waitMs = random.between(ms.min, ms.max);
    const onItsWay = random.chance(0.5);
    if (onItsWay && waitMs > 0) await clock.sleep(waitMs);
    const result: unknown = await call(...given);
    if (!onItsWay && waitMs > 0) await clock.sleep(waitMs);
    return result;
  });
