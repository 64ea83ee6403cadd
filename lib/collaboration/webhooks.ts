import type { CollaborationServiceStore } from "../engine/ports.ts";
import type { OrganizationId } from "../model/index.ts";
import { backOff, type Tries } from "./back-off.ts";
import type { EndpointCaller } from "./endpoint-caller.ts";
import type { Surroundings } from "./ports.ts";
import { severalAtOnce } from "./several-at-once.ts";
import { isSaid, providerEventOf, type Said } from "./wire.ts";

export interface Webhooks {
  start(): void;
  stop(): Promise<void>;
}

type Endpoint = Awaited<ReturnType<CollaborationServiceStore["endpoints"]>>[number];

export interface WebhookLimits {
  /** Looks this often for what a lost wake left lying. */
  readonly pollMs: number;
  readonly firstRetryMs: number;
  readonly mostRetryMs: number;
  /** Threads of one organization, and organizations, that are delivered to at once. */
  readonly threads: number;
  readonly organizations: number;
}

const defaults: WebhookLimits = {
  pollMs: 1000,
  firstRetryMs: 1000,
  mostRetryMs: 5 * 60_000,
  threads: 4,
  organizations: 16,
};

/** Messages of one organization that are looked at together. */
const batch = 200;

/** In the order of the store, which is that of their sequence. */
function byThread(messages: readonly Said[]): readonly (readonly Said[])[] {
  const threads = new Map<string, Said[]>();
  for (const said of messages) {
    const thread = threads.get(said.incidentId ?? "");
    if (thread === undefined) threads.set(said.incidentId ?? "", [said]);
    else thread.push(said);
  }
  return [...threads.values()];
}

/**
 * Delivers to the endpoints of organizations whose manager is not connected: in order within a thread, again with growing pauses until it
 * is taken. Several may do this at once on one database: a message may then come twice, with the same id.
 */
export function createWebhooks(
  options: Pick<Surroundings, "store" | "clock" | "log"> & {
    readonly caller: Pick<EndpointCaller, "call">;
    readonly limits?: Partial<WebhookLimits>;
  },
): Webhooks {
  const { store, clock, log, caller } = options;
  const limits = { ...defaults, ...options.limits };
  const tries: Tries = backOff(limits.firstRetryMs, limits.mostRetryMs);
  const ending = new AbortController();
  const busy = new Map<OrganizationId, Promise<void>>();
  /** Looked at while they were busy: what came meanwhile waits no longer than they are. */
  const missed = new Set<OrganizationId>();
  let unsubscribe = () => {};
  let wake = () => {};
  let running: Promise<void> = Promise.resolve();

  /** False where the rest of its thread must wait. */
  async function deliver(endpoint: Endpoint, said: Said): Promise<boolean> {
    const { organizationId } = endpoint;
    const { ok, gone, words } = await caller.call(endpoint, providerEventOf(said), ending.signal);
    if (ending.signal.aborted) return false;
    const at = clock.now();
    if (ok) await store.recordReceived(organizationId, said.id, at);
    await store.recordDelivery(organizationId, { ok, gone, words }, at);
    if (ok) tries.over(said.id);
    else tries.failed(said.id, clock.monotonicMs());
    return ok && !gone;
  }

  async function deliverThread(endpoint: Endpoint, thread: readonly Said[]): Promise<void> {
    for (const said of thread) {
      if (ending.signal.aborted || !tries.mayTry(said.id, clock.monotonicMs())) return;
      if (!(await deliver(endpoint, said))) return;
    }
  }

  async function deliverAll(endpoint: Endpoint): Promise<void> {
    const { organizationId } = endpoint;
    try {
      const threads = byThread((await store.undelivered(organizationId, batch)).filter(isSaid));
      await severalAtOnce(limits.threads, threads, (thread) => deliverThread(endpoint, thread));
    } catch (error) {
      log.warn("messages for an endpoint could not be delivered; trying again", { error, organizationId });
    } finally {
      busy.delete(organizationId);
      if (missed.delete(organizationId)) wake();
    }
  }

  async function round(): Promise<void> {
    const [endpoints, managers] = await Promise.all([store.endpoints(), store.managers()]);
    const heard = new Set(
      managers.filter(({ connected, byEndpoint }) => connected && byEndpoint !== true).map((it) => it.organizationId),
    );
    const open = endpoints.filter(({ organizationId, gone }) => !heard.has(organizationId) && !gone);
    for (const endpoint of open) {
      if (busy.size >= limits.organizations) await Promise.race(busy.values());
      if (ending.signal.aborted) return;
      if (busy.has(endpoint.organizationId)) missed.add(endpoint.organizationId);
      else busy.set(endpoint.organizationId, deliverAll(endpoint)); // never fails; a slow endpoint holds up no other
    }
  }

  async function follow(): Promise<void> {
    while (!ending.signal.aborted) {
      const news = Promise.withResolvers<void>();
      wake = news.resolve;
      await round().catch((error: unknown) => log.warn("endpoints could not be read; trying again", { error }));
      const timer = setTimeout(news.resolve, limits.pollMs);
      if (!ending.signal.aborted) await news.promise;
      clearTimeout(timer);
    }
  }

  return {
    start() {
      unsubscribe = store.onSayings(() => wake());
      running = follow();
    },
    async stop() {
      unsubscribe();
      ending.abort();
      wake();
      await running;
      await Promise.all(busy.values());
    },
  };
}
