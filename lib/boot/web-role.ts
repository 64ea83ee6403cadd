import { randomBytes } from "node:crypto";
import path from "node:path";
import pg from "pg";
import { type BelayGlobal, createApi, createAuth, createPeople, originsOf, urlOf, viewerSource } from "../api/index.ts";
import {
  type CollaborationHub,
  createCollaborationHub,
  createEndpointCaller,
  createWebhooks,
} from "../collaboration/index.ts";
import type { Ids, Log } from "../engine/ports.ts";
import { systemClock } from "../hypervisor/index.ts";
import { createHub, type Hub } from "../live/index.ts";
import type { Viewer } from "../model/index.ts";
import { createService } from "../service/index.ts";
import { advisoryLock, type Store } from "../store/index.ts";
import { type Account, seedAccounts } from "./accounts.ts";
import type { Cloud } from "./cloud.ts";
import type { BootOptions } from "./options.ts";
import { privateFile } from "./private-file.ts";
import { passSimulatedTraffic } from "./simulated-traffic.ts";

export interface WebRole {
  readonly handle: BelayGlobal;
  readonly hub: Hub;
  /** Of customers' managers. */
  readonly collaboration: CollaborationHub;
  readonly accounts: readonly Account[];
  stop(): Promise<void>;
}

type ViewerOf = (headers: Headers) => Promise<Viewer | undefined>;

/** The live view shows all that an organization sees: a key must hold the scope for that. */
const readersOnly =
  (viewerOf: ViewerOf): ViewerOf =>
  async (headers) => {
    const viewer = await viewerOf(headers);
    return viewer?.key === undefined || viewer.key.scopes.includes("read") ? viewer : undefined;
  };

const random = () => randomBytes(32).toString("base64url");

/** Everything that people and programs ask: sessions, API, live connections. */
export async function webRole(
  options: BootOptions,
  parts: {
    readonly store: Store;
    readonly databaseUrl: string;
    readonly cloud: Cloud;
    readonly ids: Ids;
    readonly log: Log;
  },
): Promise<WebRole> {
  const { dataDir, host, port, simulated, roles } = options;
  const { store, databaseUrl, cloud, ids, log } = parts;
  const clock = systemClock;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 5,
    connectionTimeoutMillis: 5000,
    query_timeout: 10_000,
  });
  pool.on("error", (error) => log.warn("a database connection of the sessions broke", { error }));
  const origins = originsOf({ host, port, more: options.origins });
  const secret = await privateFile(path.join(dataDir, "auth-secret"), random);
  const operatorToken = (await privateFile(path.join(dataDir, "operator-token"), () => `${random()}\n`)).trim();
  const auth = createAuth({ pool, secret, origins, baseUrl: urlOf(host, port), ids, log });

  const seeding = advisoryLock(databaseUrl, "seed"); // two servers may start at once
  await seeding.acquired;
  const accounts = await seedAccounts({ dataDir, demo: options.demo, store: store.service, auth, ids, clock }).finally(
    () => seeding.release(),
  );

  const { examiner, installer } = cloud;
  const endpointCaller = createEndpointCaller({ store: store.service, clock });
  const service = createService({ store: store.service, examiner, installer, endpointCaller, clock, ids, simulated });
  const viewerOf = viewerSource({
    auth,
    operatorToken,
    organizations: () => store.service.organizations(),
    keyByDigest: (digest) => store.service.keyByDigest(digest, clock.now()),
  });
  const hub = createHub({
    feed: store.feed,
    viewerOf: readersOnly(viewerOf),
    trusts: (origin) => origins.has(origin),
    log,
  });
  await hub.start();
  const collaboration = createCollaborationHub({ store: store.service, viewerOf, clock, log });
  await collaboration.start();
  const webhooks = createWebhooks({ store: store.service, caller: endpointCaller, clock, log });
  webhooks.start();
  const unsubscribe = service.onTraffic((samples) => hub.traffic(samples));
  const api = createApi({
    service,
    people: createPeople({ auth, store: store.service, clock }),
    auth,
    viewerOf,
    origins,
    health: () => ({ ready: true, simulated, roles: [...roles] }),
    onSignOut: () => void hub.recheck(),
    log,
  });

  const ending = new AbortController();
  const { simulation } = cloud;
  const traffic = simulation
    ? passSimulatedTraffic({ simulation, store: store.service, service, signal: ending.signal, log })
    : Promise.resolve();

  return {
    handle: { fetch: api.fetch, viewerOf, simulated },
    hub,
    collaboration,
    accounts,
    async stop() {
      ending.abort();
      unsubscribe();
      await Promise.all([hub.stop(), collaboration.stop(), webhooks.stop()]);
      await traffic;
      await pool.end();
    },
  };
}
