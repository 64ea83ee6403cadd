import { mkdir } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { dbosRunner } from "../durable/index.ts";
import { createEngine } from "../engine/index.ts";
import type { Log } from "../engine/ports.ts";
import { systemClock } from "../hypervisor/index.ts";
import { BelayError, idSource } from "../model/index.ts";
import { advisoryLock, migrate, openStore, type Store } from "../store/index.ts";
import type { Account } from "./accounts.ts";
import { checkpointStore, keptByUs, onlyStore } from "./checkpoint-store.ts";
import { openCloud } from "./cloud.ts";
import { openDatabase } from "./database.ts";
import { engineRole } from "./engine-role.ts";
import type { BootOptions } from "./options.ts";
import { endsWithin } from "./until.ts";
import { webRole } from "./web-role.ts";

export interface Running {
  /** As they were first made; empty without the web role. */
  readonly accounts: readonly Account[];
  /** Takes over an upgrade to /ws, for pages, or to /manager, for customers' managers. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** In order, each part within a time: live connections, engine, store, database. Twice is once. */
  stop(): Promise<void>;
}

const migrations = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
/** One engine per database: its lock and DBOS's name for it. */
const engineName = "engine";
const partStopMs = 4000;

const pathOf = ({ url }: IncomingMessage) => URL.parse(url ?? "/", "http://belay")?.pathname;
const isManager = (request: IncomingMessage) => pathOf(request) === "/manager";

/** A database holds a real cloud or a simulated one. Taking one for the other would show what is not there. */
async function refuseOtherKind(store: Store, simulated: boolean): Promise<void> {
  const other = (await store.service.hosts()).find(({ uri }) => uri.startsWith("simulated://") !== simulated);
  if (other === undefined) return;
  throw new BelayError("conflict", `This database holds the ${simulated ? "real" : "simulated"} host ${other.name}.`, {
    cure: simulated
      ? "Unset BELAY_SIMULATED, or use another database."
      : "Set BELAY_SIMULATED=1, or use another database.",
  });
}

/**
 * Starts what the roles ask for, in order: data directory, database, migrations, store, cloud, web (first people, API, live
 * connections), engine. Resolves when it can be used; the engine may still wait for its lock. What was started is stopped again when a
 * later part fails. `surrender` must end the process.
 */
export async function boot(options: BootOptions, log: Log, surrender: (words: string) => void): Promise<Running> {
  const parts: { readonly name: string; stop(): Promise<void> }[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    globalThis.belay = undefined;
    for (const part of parts.reverse()) await endsWithin(partStopMs, part.name, part.stop(), log);
  };
  const stop = () => {
    stopping ??= stopAll();
    return stopping;
  };

  try {
    const { dataDir, simulated, roles } = options;
    await mkdir(dataDir, { recursive: true, mode: 0o711 });
    if (roles.has("store") && roles.size === 1) {
      parts.push({ name: "the checkpoints' store", stop: (await onlyStore(options, log)).stop });
      return { accounts: [], upgrade: async (_request, socket) => void socket.destroy(), stop };
    }
    const database = await openDatabase({ dataDir, databaseUrl: options.databaseUrl, simulated, log });
    parts.push({ name: "the database", stop: database.close });
    const applied = await migrate(database.url, migrations);
    if (applied.length > 0) log.info("migrations applied", { applied });
    const ids = idSource(Date.now, Math.random);
    const store = await openStore({ databaseUrl: database.url, ids, log });
    parts.push({ name: "the store", stop: store.close });
    await refuseOtherKind(store, simulated);
    const saved = checkpointStore(options);
    parts.push({ name: "the way to the checkpoints' store", stop: () => saved.close() });
    const cloud = await openCloud({ dataDir, simulated, checkpointStore: saved, log });
    parts.push({ name: "the cloud", stop: async () => cloud.close() });

    const web = roles.has("web")
      ? await webRole(options, { store, databaseUrl: database.url, cloud, ids, log })
      : undefined;
    if (web !== undefined) {
      parts.push({ name: "the web role", stop: web.stop });
      globalThis.belay = web.handle;
    }
    // After the web role, which makes the first organizations: whose saved states are encrypted may be said by their names.
    const kept = await keptByUs(options, () => store.service.organizations(), log);
    if (kept !== undefined) parts.push({ name: "the checkpoints' store", stop: kept.stop });
    if (roles.has("engine")) {
      const { hypervisor, prober, fence, helpers, hooks, checkpoints, provisioner } = cloud;
      const engine = engineRole({
        lock: () => advisoryLock(database.url, engineName),
        create: () => {
          const runner = dbosRunner({ databaseUrl: database.url, executorId: engineName, log });
          return createEngine({
            ...{ hypervisor, prober, fence, helpers, hooks, checkpoints, provisioner, ids, runner, log },
            store: store.engine,
            wakes: store.wakes,
            clock: systemClock,
          });
        },
        surrender,
        log,
      });
      parts.push({ name: "the engine", stop: engine.stop });
    }
    return {
      accounts: web?.accounts ?? [],
      upgrade: async (request, socket, head) => {
        if (web === undefined) socket.destroy();
        else await (isManager(request) ? web.collaboration : web.hub).upgrade(request, socket, head);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
