import { setTimeout as sleep } from "node:timers/promises";
import type { ManagerFrame } from "../../contract/index.ts";
import { type Detector, type Input, looked, noDetector, type VmId } from "../decide/index.ts";
import type { SensorHands, SensorReading } from "../servers.ts";

type Sensors = Extract<ManagerFrame, { type: "sensors" }>["sensors"];

/** Looks at everything again and again, until called off. Never two looks at once. */
export async function keepLooking(options: {
  readonly sensors: SensorHands;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly vmIdOf: (vm: string) => VmId | undefined;
  readonly report: (sensors: Sensors) => void;
  readonly feed: (input: Input) => void;
  /** False: nothing follows from what is seen now, as while the servers are being set up. */
  readonly mayAct: () => boolean;
  readonly nowMs?: () => number;
}): Promise<void> {
  const { sensors, everyMs, signal, nowMs = Date.now } = options;
  let detector: Detector = noDetector;
  const since = new Map<string, { state: SensorReading["state"]; at: number }>();
  while (!signal.aborted) {
    const begun = performance.now();
    const readings = await sensors.read(signal).catch((): readonly SensorReading[] => []);
    if (signal.aborted) return;
    options.report(
      readings.map((reading) => {
        const before = since.get(reading.name);
        const at = before?.state === reading.state ? before.at : nowMs();
        since.set(reading.name, { state: reading.state, at });
        const { name, kind, server, state } = reading;
        return {
          ...{ name, kind, server, state, since: at, words: reading.words.slice(0, 500) },
          vmId: (reading.vm && options.vmIdOf(reading.vm)) || null,
          fromVmId: (reading.from && options.vmIdOf(reading.from)) || null,
        };
      }),
    );
    if (options.mayAct()) {
      const told = looked(detector, readings);
      detector = told.detector;
      for (const input of told.inputs) options.feed(input);
    } else detector = noDetector;
    const rest = Math.max(0, everyMs - (performance.now() - begun));
    await sleep(rest, undefined, { signal }).catch(() => {});
  }
}
