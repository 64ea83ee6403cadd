import { setInterval as every } from "node:timers/promises";
import { cloudView, type TrafficSample, trafficKept } from "../../lib/contract/index.ts";
import { explain } from "../kit/failure.ts";
import type { OperatorClient } from "../operator/client.ts";
import { answers } from "./request.ts";
import { type Stream, trafficStream } from "./stream.ts";
import { targetsOf } from "./targets.ts";

export interface SourceOptions {
  readonly client: OperatorClient;
  readonly perSecond: number;
  say(words: string): void;
  readonly signal: AbortSignal;
  readonly tickMs?: number;
  readonly refreshMs?: number;
  readonly reportMs?: number;
}

const timeoutMs = 1000;
/** Samples that wait for a server that is away, at most; the oldest are lost. */
const mostUnsent = 600;

/** Calls `act` at once and then regularly until the signal aborts, one call at a time. What fails is said once, until it works again. */
async function regularly(ms: number, options: SourceOptions, act: () => Promise<void>): Promise<void> {
  const { signal, say } = options;
  let said = "";
  const attempt = async () => {
    try {
      await act();
      if (said !== "") say("it works again");
      said = "";
    } catch (error) {
      const words = explain(error);
      if (!signal.aborted && words !== said) say(words);
      said = words;
    }
  };
  await attempt();
  try {
    for await (const _ of every(ms, undefined, { signal })) await attempt();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/**
 * Asks every application's web servers a bounded number of times a second, and tells the server each second what was answered. An
 * answer counts in the second in which it came. Ends when the signal aborts.
 */
export async function trafficSource(options: SourceOptions): Promise<void> {
  const { client, perSecond, say, tickMs = 20, refreshMs = 5000, reportMs = 1000 } = options;
  const streams = new Map<string, Stream>();
  const refusedBefore = new Set<string>();
  let unsent: TrafficSample[] = [];

  const refresh = async () => {
    const { applications, refused } = targetsOf(await client.ask("GET", "/cloud", cloudView));
    for (const { vm, address } of refused) {
      if (!refusedBefore.has(`${vm} ${address}`))
        say(`${vm} is not asked: ${address} is outside of this machine and its lab`);
      refusedBefore.add(`${vm} ${address}`);
    }
    for (const application of applications) {
      const known = streams.get(application.id);
      if (known) known.aim(application);
      else {
        say(
          `${application.name}: ${perSecond} requests a second to ${application.targets.map(({ vm }) => vm).join(", ")}`,
        );
        const ask = (target: (typeof application.targets)[number]) => answers(target, timeoutMs);
        streams.set(application.id, trafficStream(application, { perSecond, inFlight: 2 * perSecond, ask }));
      }
    }
    const ids = new Set<string>(applications.map(({ id }) => id));
    for (const id of streams.keys()) if (!ids.has(id)) streams.delete(id);
  };

  const report = async () => {
    if (unsent.length === 0) return;
    const samples = unsent;
    await client.ask("POST", "/traffic", trafficKept, { samples });
    unsent = unsent.filter((sample) => !samples.includes(sample));
  };

  let second = Math.floor(Date.now() / 1000);
  const tick = async () => {
    for (const stream of streams.values()) stream.tick(performance.now());
    const now = Math.floor(Date.now() / 1000);
    if (now > second) unsent.push(...[...streams.values()].map((stream) => stream.count(second * 1000)));
    second = now;
    unsent = unsent.slice(-mostUnsent);
  };

  await Promise.all([
    regularly(refreshMs, options, refresh),
    regularly(reportMs, options, report),
    regularly(tickMs, options, tick),
  ]);
}
