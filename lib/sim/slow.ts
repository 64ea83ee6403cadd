import type { Clock } from "../engine/ports.ts";
import type { Random } from "./random.ts";

/**
 * A port whose every method returns a promise, with time in between as over a socket: other calls come in between, and a process
 * may die before the call arrives or before its answer does.
 */
export const slow = <P extends object>(port: P, clock: Clock, random: Random, ms: { min: number; max: number }): P =>
  new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        await clock.sleep(random.between(ms.min, ms.max));
        const result: unknown = await Reflect.apply(value, target, args);
        await clock.sleep(random.between(ms.min, ms.max));
        return result;
      };
    },
  });
