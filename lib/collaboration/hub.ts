import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { managerCloseCodes } from "../contract/index.ts";
import { keyCheck } from "./key-check.ts";
import { defaultLimits, type HubLimits, silentAfterMs } from "./limits.ts";
import type { Surroundings } from "./ports.ts";
import { type ManagerSession, managerSession } from "./session.ts";
import { silentManagers } from "./silent-managers.ts";

export interface CollaborationHubOptions extends Surroundings {
  readonly limits?: Partial<HubLimits>;
}

export interface CollaborationHub {
  start(): Promise<void>;
  /** Takes over a request for an upgrade to /manager. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Looks now whether the keys still hold; also done regularly. */
  recheck(): Promise<void>;
  sockets(): number;
  stop(): Promise<void>;
}

interface Connected {
  readonly session: ManagerSession;
  readonly credentials: Headers;
}

/** A report of 500 sensors fits. */
const maxFrameBytes = 1024 * 1024;
const stopMs = 2000;
/** The manager itself ended the connection: it does not come back for its right to act. */
const leftByItself = new Set([1000, 1001, 1005]);

/**
 * Every customer's manager that is connected to this process. Messages come through the database, so the engine may be anywhere; which
 * manager acts is the store's to say, so managers of one organization may be connected to several processes.
 */
export function createCollaborationHub(options: CollaborationHubOptions): CollaborationHub {
  const limits: HubLimits = { ...defaultLimits, ...options.limits };
  const { store, clock, log } = options;
  const server = new WebSocketServer({ noServer: true, maxPayload: maxFrameBytes, perMessageDeflate: false });
  const connected = new Map<WebSocket, Connected>();
  const timers: NodeJS.Timeout[] = [];
  const keys = keyCheck({ viewerOf: options.viewerOf, deadlineMs: limits.identifyMs, log });
  let unsubscribe = () => {};
  let stopping = false;

  const sessionsOf = (one: ManagerSession) =>
    [...connected.values()]
      .map(({ session }) => session)
      .filter((it) => it !== one && it.organizationId === one.organizationId);

  /** A manager that connects again knows better than we that its old connection is dead. */
  const replaceOlder = (session: ManagerSession) => {
    for (const other of sessionsOf(session))
      if (other.instance() === session.instance()) other.close(managerCloseCodes.goingAway, "connected again");
  };

  async function letGo(session: ManagerSession, code: number): Promise<void> {
    const instance = session.instance();
    const others = sessionsOf(session);
    const isBack = others.some((it) => it.instance() === instance);
    const isOver = leftByItself.has(code) || code === managerCloseCodes.keyRefused;
    if (instance === undefined || isBack || !isOver || stopping) return;
    try {
      await store.releaseManager(session.organizationId, instance, clock.now());
      await Promise.all(others.map((it) => it.claim()));
    } catch (error) {
      log.warn("a manager's lease could not be ended; it ends by itself", { error });
    }
  }

  function accept(ws: WebSocket, found: Awaited<ReturnType<typeof keys.identify>>, credentials: Headers): void {
    if (found.kind !== "known") {
      if (found.kind === "unknown") ws.close(managerCloseCodes.tryLater, "try again");
      else ws.close(managerCloseCodes.keyRefused, found.words);
      return;
    }
    const session = managerSession(ws, found.viewer, options, limits, replaceOlder);
    connected.set(ws, { session, credentials });
    ws.on("close", (code) => {
      connected.delete(ws);
      void letGo(session, code);
    });
  }

  const each = (act: (session: ManagerSession) => void) => {
    for (const { session } of connected.values()) act(session);
  };
  const recheck = () => keys.look(() => connected.values());

  /** Of any server: one that was killed took its word about its managers with it. */
  async function tidy(): Promise<void> {
    try {
      const now = clock.now();
      for (const { organizationId, instance } of silentManagers(await store.managers(), now, silentAfterMs(limits)))
        await store.releaseManager(organizationId, instance, now);
    } catch (error) {
      log.warn("managers that fell silent could not be looked for; trying again", { error });
    }
  }

  return {
    async start() {
      unsubscribe = store.onSayings(() => each((session) => session.wake()));
      timers.push(setInterval(() => each((session) => session.tick()), limits.beatMs));
      timers.push(setInterval(() => void recheck(), limits.recheckMs));
      timers.push(setInterval(() => void tidy(), limits.leaseMs));
    },

    async upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      const { authorization } = request.headers;
      const credentials = new Headers(authorization === undefined ? {} : { authorization });
      const isFull = stopping || server.clients.size >= limits.sockets;
      const found = isFull ? ({ kind: "unknown" } as const) : await keys.identify(credentials);
      if (socket.destroyed) return;
      server.handleUpgrade(request, socket, head, (ws) => {
        ws.on("error", () => ws.terminate());
        accept(ws, stopping ? { kind: "unknown" } : found, credentials);
      });
    },

    recheck,
    sockets: () => connected.size,

    async stop() {
      stopping = true;
      unsubscribe();
      for (const timer of timers) clearInterval(timer);
      const gone = [...connected.keys()].map((ws) => new Promise<void>((resolve) => ws.once("close", () => resolve())));
      each((session) => session.close(managerCloseCodes.goingAway, "the server stops"));
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, stopMs);
      await Promise.race([Promise.all(gone), late.promise]);
      clearTimeout(timer);
      for (const ws of server.clients) ws.terminate();
      server.close();
    },
  };
}
