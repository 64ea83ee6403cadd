import type { Clock } from "../engine/ports.ts";
import type { Random } from "./random.ts";
import { wrapMethods } from "./wrap-methods.ts";

/**
 * A port whose every method returns a promise, with time in between as over a socket: other calls come in between, and a process
 * may die before the call arrives or before its answer does.
 */
export const slow = <P extends object>(port: P, clock: Clock, random: Random, ms: { min: number; max: number }): P =>
  wrapMethods(port, (call) => async (...given) => {
    await clock.sleep(random.between(ms.min, ms.max));
    const result: unknown = await call(...given);
    await clock.sleep(random.between(ms.min, ms.max));
    return result;
  });
