import type { EpochMs } from "../model/index.ts";
import { guestAnswers } from "./world/run.ts";
import type { World } from "./world/world.ts";

/** What a guest's server did in one second. */
export interface ServedSecond {
  readonly uuid: string;
  /** Start of the second. */
  readonly at: EpochMs;
  readonly answered: number;
  readonly failed: number;
}

const looksPerSecond = 10;

/**
 * Requests to the simulated guests' servers, for the charts of the simulated cloud: once a second what each guest answered.
 * A guest that does not answer fails `requestsPerSecond` too, for the source keeps asking. Ends when `signal` aborts.
 */
export async function* simulatedTraffic(
  world: World,
  signal: AbortSignal,
  requestsPerSecond = 200,
): AsyncGenerator<readonly ServedSecond[]> {
  const random = world.randomOf("traffic");
  const perLook = requestsPerSecond / looksPerSecond;
  while (!signal.aborted) {
    const at = world.clock.now();
    const answered = new Map<string, number>();
    const failed = new Map<string, number>();
    for (let look = 0; look < looksPerSecond; look++) {
      try {
        await world.clock.sleep(1000 / looksPerSecond, signal);
      } catch {
        return;
      }
      const here = new Set(answeringUuids(world));
      for (const { uuid } of world.guests()) {
        const requests = Math.round(perLook * (0.9 + random.next() * 0.2));
        const counts = here.has(uuid) ? answered : failed;
        counts.set(uuid, (counts.get(uuid) ?? 0) + requests);
      }
    }
    yield world.guests().map(({ uuid }) => ({
      ...{ uuid, at },
      answered: answered.get(uuid) ?? 0,
      failed: failed.get(uuid) ?? 0,
    }));
  }
}

const answeringUuids = (world: World): string[] =>
  world
    .hosts()
    .filter((host) => host.power === "on")
    .flatMap((host) => [...host.domains.values()])
    .filter((domain) => guestAnswers(world, domain))
    .map((domain) => domain.uuid);
