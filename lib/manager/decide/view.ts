import type { z } from "zod";
import type { customerView } from "../../contract/index.ts";
import type { SensorReading } from "../servers.ts";

type CustomerView = z.infer<typeof customerView>;

/** What our sensors say of one VM, in the words of the joint diagnosis. A sensor that says `unknown` says nothing. */
export function viewOf(vm: string, readings: readonly SensorReading[]): CustomerView {
  const told = readings.filter((reading) => reading.vm === vm && reading.state !== "unknown");
  const of = (...kinds: readonly SensorReading["kind"][]) => told.filter(({ kind }) => kinds.includes(kind));
  const failing = (some: readonly SensorReading[]) => some.filter(({ state }) => state === "failing").length;
  const reach = of("vm");
  const processes = of("process");
  const service = of("tcp", "http", "sql", "command");
  return {
    reached: reachedBy(reach.length, failing(reach)),
    processes: processes.length === 0 ? "unknown" : failing(processes) === 0 ? "running" : "some-dead",
    service: service.length === 0 ? "unknown" : failing(service) === 0 ? "answers" : "fails",
  };
}

/** That nobody reaches it is never one sensor's word: what is cut may be the place that it looks from. */
function reachedBy(told: number, failing: number): CustomerView["reached"] {
  if (told === 0 || (told === 1 && failing === 1)) return "unknown";
  if (failing === 0) return "by-all";
  return failing < told ? "by-some" : "by-none";
}
