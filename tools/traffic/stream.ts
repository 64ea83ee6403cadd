import type { TrafficSample } from "../../lib/contract/index.ts";
import type { Application, Target } from "./targets.ts";

export interface StreamOptions {
  /** Requests per second for the whole application, spread evenly over its VMs. */
  readonly perSecond: number;
  /** Requests under way at once, at most; more are left out and counted by nobody. */
  readonly inFlight: number;
  ask(target: Target): Promise<boolean>;
}

/** The requests to one application. */
export interface Stream {
  /** Begins what is due at `nowMs`: little, and often. Time that was missed is not made up for. */
  tick(nowMs: number): void;
  /** Where to ask from now on. */
  aim(application: Application): void;
  /** What was answered and what failed since the last call, as of the second that begins at `at`. */
  count(at: number): TrafficSample;
}

/** At most this much of missed time is made up for. */
const catchUpMs = 200;

export function trafficStream(first: Application, options: StreamOptions): Stream {
  const { perSecond, inFlight, ask } = options;
  const perRequestMs = 1000 / perSecond;
  let application = first;
  let dueMs: number | undefined;
  let turn = 0;
  let underWay = 0;
  let answered = 0;
  let failed = 0;

  const send = async (target: Target) => {
    underWay++;
    if (await ask(target)) answered++;
    else failed++;
    underWay--;
  };

  return {
    tick(nowMs) {
      let due = Math.max(dueMs ?? nowMs, nowMs - catchUpMs);
      for (; due <= nowMs; due += perRequestMs) {
        const target = application.targets[turn++ % application.targets.length];
        if (target !== undefined && underWay < inFlight) void send(target);
      }
      dueMs = due;
    },
    aim(next) {
      application = next;
    },
    count(at) {
      const sample = { applicationId: application.id, at, answered, failed };
      answered = 0;
      failed = 0;
      return sample;
    },
  };
}
