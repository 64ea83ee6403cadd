import { type SensorReport, sensorsFreshForMs } from "./collaboration.ts";
import type { EpochMs } from "./time.ts";

/** A newer time of a report, and nothing else, is told this seldom: seldom enough for the log, and before readers take it for stale. */
export const tellSensorsEveryMs = 10_000;

const statesOf = (report: SensorReport): string =>
  JSON.stringify(report.sensors.map(({ name, kind, state }) => [name, kind, state]).sort());

/**
 * The change in a sentence for the log where it has to be told; undefined where it is only newer. From time to time readers must hear even
 * that: the sentence is empty then, as there is nothing for a person to read.
 */
export function sensorNews(
  application: string,
  before: { readonly report: SensorReport; readonly toldAt: EpochMs } | undefined,
  report: SensorReport,
  at: EpochMs,
): string | undefined {
  const say = (words: string) => `Application ${application}: its sensors ${words}`;
  if (before !== undefined && statesOf(before.report) === statesOf(report)) {
    if (Math.abs(at - before.report.reportedAt) > sensorsFreshForMs) return say("are heard again.");
    return Math.abs(at - before.toldAt) < tellSensorsEveryMs ? undefined : "";
  }
  const failing = report.sensors.filter((it) => it.state === "failing").map((it) => it.name);
  if (failing.length > 0) return say(`say that something fails: ${failing.join(", ")}.`);
  return report.sensors.length === 0
    ? `Application ${application}: it has no sensors any more.`
    : say("say that nothing fails.");
}
