import type { SensorReading } from "../servers.ts";
import type { Input } from "./reduce.ts";
import { viewOf } from "./view.ts";

/** Which servers our sensors say are down: one bad look is none, sensors are told twice. A value, as its clock is the looks. */
export type Detector = Readonly<Record<string, number>>;

export const noDetector: Detector = {};
const looksUntilDown = 2;
/** While a server stays down it is said again now and then: what could not be begun may be begun later. */
const sayAgainEvery = 5;

export function looked(
  before: Detector,
  readings: readonly SensorReading[],
): { readonly detector: Detector; readonly inputs: readonly Input[] } {
  const detector: Record<string, number> = {};
  const inputs: Input[] = [];
  for (const server of new Set(readings.flatMap((reading) => reading.server ?? []))) {
    const about = readings.filter((reading) => reading.server === server);
    const vm = about[0]?.vm ?? null;
    const failing = about.filter(({ state }) => state === "failing");
    // In a VM that is gone nobody looks any more: those that look at it from other VMs speak for its servers.
    // The manager's own way in is cut later than a ping: it is not waited for.
    const around = readings.filter(
      (reading) => reading.kind === "vm" && reading.vm === vm && vm !== null && reading.from !== null,
    );
    const isGone = about.every(({ state }) => state === "unknown") && around.every(({ state }) => state === "failing");
    const bad = failing.length === 0 && isGone ? around : failing;
    if (bad.length === 0) {
      // Sensors that cannot look say nothing, neither good nor bad.
      const good = about.some(({ state }) => state === "ok");
      // Said each time: one that came well while something was still done about it must be known to be well afterwards.
      if (good) inputs.push({ is: "server-well", server });
      detector[server] = good ? 0 : (before[server] ?? 0);
      continue;
    }
    const looks = (before[server] ?? 0) + 1;
    detector[server] = looks;
    if (looks >= looksUntilDown && (looks - looksUntilDown) % sayAgainEvery === 0 && vm !== null)
      inputs.push({
        is: "server-down",
        server,
        view: viewOf(vm, readings),
        words: bad
          .map(({ name, words }) => `${name}: ${words}`)
          .join("; ")
          .slice(0, 500),
      });
  }
  return { detector, inputs };
}
