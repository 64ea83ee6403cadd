import type { Log } from "../engine/ports.ts";

/** True when `work` ended within `ms`, well or badly; what went badly is logged under `what`. */
export async function endsWithin(ms: number, what: string, work: Promise<unknown>, log: Log): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const ended = work.then(
    () => true,
    (error: unknown) => {
      log.warn(`${what} ended badly`, { error });
      return true;
    },
  );
  const inTime = await Promise.race([ended, late.promise]);
  clearTimeout(timer);
  if (!inTime) log.warn(`${what} did not end within ${ms} ms`);
  return inTime;
}
