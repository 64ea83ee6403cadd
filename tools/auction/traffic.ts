import { setTimeout as sleep } from "node:timers/promises";
import { type TrafficSample, trafficKept } from "../../lib/contract/index.ts";
import type { OperatorClient } from "../operator/client.ts";
import { accessesIn, answeredSince } from "./counters.ts";
import { startVisitors, treated } from "./visitors.ts";

/** At most about four requests a second: in emulation the auction's VMs share the machine with everything else. */
const visitors = 3;
const thinkMs = 700;
const everyMs = 1000;
const unsentAtMost = 120;

/**
 * A few visitors of the auction, and each second what its own load balancer counted, for the provider's graph. What failed is what the
 * visitors got no good answer to. Ends when the signal aborts.
 */
export async function auctionTraffic(options: {
  readonly client: OperatorClient;
  readonly applicationId: TrafficSample["applicationId"];
  readonly address: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { client, applicationId, address, signal } = options;
  const prefix = `s${(Date.now() % 36 ** 5).toString(36)}`;
  const load = startVisitors({ address, visitors, thinkMs, prefix, writes: 0.2 });
  let unsent: TrafficSample[] = [];
  let before: number | undefined;
  while (!signal.aborted) {
    const begun = performance.now();
    const at = Math.floor(Date.now() / 1000) * 1000;
    const status = await fetch(`http://${address}/belay-status?auto`, { signal: AbortSignal.timeout(2_000) })
      .then((reply) => (reply.ok ? reply.text() : ""))
      .catch(() => "");
    const now = accessesIn(status);
    const failed = load.take().filter((visit) => !treated(visit));
    // A bad answer of its own was counted by it, too.
    const bad = failed.filter((visit) => visit.answered).length;
    const answered = now === undefined ? 0 : Math.max(0, answeredSince(before, now) - bad);
    before = now ?? before;
    unsent = [...unsent, { applicationId, at, answered, failed: failed.length }].slice(-unsentAtMost);
    const samples = unsent;
    await client.ask("POST", "/traffic", trafficKept, { samples }).then(
      () => {
        unsent = [];
      },
      () => {}, // the server is away: later
    );
    const rest = Math.max(0, everyMs - (performance.now() - begun));
    await sleep(rest, undefined, { signal }).catch(() => {});
  }
  await load.stop();
}
