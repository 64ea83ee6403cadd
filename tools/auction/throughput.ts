import { setTimeout as sleep } from "node:timers/promises";
import { type TrafficSample, trafficKept } from "../../lib/contract/index.ts";
import type { OperatorClient } from "../operator/client.ts";

/** What the auction's own load balancer counts (Apache's mod_status, and its list of failed requests), second by second. */

export interface Counts {
  readonly accesses: number;
  readonly failed: number;
  /** Another one means that its counts began anew. */
  readonly since: string;
}

const timeoutMs = 900;
/** Only this machine and the lab's own range are ever asked. */
const allowed = /^(127\.|198\.1[89]\.)\d/;
/** A line of the list: three digits and its end. */
const bytesPerFailure = 4;

export function readStatus(text: string): Pick<Counts, "accesses" | "since"> {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
  const accesses = Number(field("Total Accesses"));
  if (field("Total Accesses") === "" || !Number.isSafeInteger(accesses))
    throw new Error("this is no status of Apache's");
  return { accesses, since: field("RestartTime") };
}

export async function askCounts(address: string, port = 80): Promise<Counts> {
  if (!allowed.test(address)) throw new Error(`${address} is outside of this machine and its lab`);
  const at = (path: string) => `http://${address}:${port}${path}`;
  const [status, list] = await Promise.all([
    fetch(at("/belay-status?auto"), { signal: AbortSignal.timeout(timeoutMs) }),
    fetch(at("/belay-failed"), { method: "HEAD", signal: AbortSignal.timeout(timeoutMs) }),
  ]);
  if (!status.ok) throw new Error(`its status answers ${status.status}`);
  const bytes = list.ok ? Number(list.headers.get("content-length") ?? 0) : 0;
  return { ...readStatus(await status.text()), failed: Math.floor(bytes / bytesPerFailure) };
}

/** The two requests by which it was asked are its own, and not the visitors'. */
const ownRequests = 2;

export function between(before: Counts, after: Counts): { readonly answered: number; readonly failed: number } {
  const fresh = before.since !== after.since || after.accesses < before.accesses;
  const accesses = Math.max(0, after.accesses - (fresh ? 0 : before.accesses) - ownRequests);
  const failed = Math.min(accesses, Math.max(0, after.failed - Math.min(before.failed, after.failed)));
  return { answered: accesses - failed, failed };
}

export interface FeedOptions {
  readonly client: Pick<OperatorClient, "ask">;
  readonly applicationId: TrafficSample["applicationId"];
  /** Of the load balancer, as it is now. */
  readonly address: () => string | undefined;
  readonly say: (words: string) => void;
  readonly signal: AbortSignal;
}

/** Tells the server each second what the load balancer counted. A second in which it did not answer is not told: nothing is known of it. */
export async function feedThroughput({
  client,
  applicationId,
  address,
  taken,
  say,
  signal,
}: FeedOptions): Promise<void> {
  let before: Counts | undefined;
  let told = "";
  while (!signal.aborted) {
    const at = Math.floor(Date.now() / 1000) * 1000;
    try {
      const from = address();
      const now = from === undefined ? undefined : await askCounts(from);
      if (now && before) {
        const sample = { applicationId, at, ...between(before, now) };
        await client.ask("POST", "/traffic", trafficKept, { samples: [sample] });
      }
      before = now;
      told = "";
    } catch (error) {
      before = undefined;
      const words = error instanceof Error ? error.message : String(error);
      if (!signal.aborted && words !== told) say(`the auction's load balancer says nothing: ${words}`);
      told = words;
    }
    await sleep(1000 - (Date.now() % 1000), undefined, { signal }).catch(() => undefined);
  }
}
