import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { beatIntervalMs, closeCodes, type OwnedSample } from "../contract/index.ts";
import type { EventFeed, Log } from "../engine/ports.ts";
import type { Viewer } from "../model/index.ts";
import { eventLog } from "./event-log.ts";
import { refuse } from "./refuse.ts";
import { stillThere } from "./still-there.ts";
import { type SocketLimits, type ViewerSocket, viewerSocket } from "./viewer-socket.ts";

export interface HubOptions {
  readonly feed: EventFeed;
  readonly log: Log;
  /** Who asks, by cookie or operator's token. */
  viewerOf(headers: Headers): Promise<Viewer | undefined>;
  /** Whether pages of this origin (`http://HOST:PORT`) may open a socket with their cookie. */
  trusts(origin: string): boolean;
  readonly limits?: Partial<HubLimits>;
}

export interface HubLimits extends SocketLimits {
  /** A browser that missed more events than this fetches the cloud anew. */
  readonly keptEvents: number;
  readonly sockets: number;
  /** How long a session may have ended before its socket is closed. */
  readonly recheckMs: number;
  readonly beatMs: number;
  /** Time to say who asks. */
  readonly identifyMs: number;
}

const defaults: HubLimits = {
  keptEvents: 2000,
  sockets: 2000,
  recheckMs: 5000,
  beatMs: beatIntervalMs,
  identifyMs: 10_000,
  resumeMs: 5000,
  stallMs: 10_000,
  busyBytes: 256 * 1024,
  batch: 100,
};

export interface Hub {
  start(): Promise<void>;
  /** Takes over a request for an upgrade to /ws. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Passes traffic on to those who may see it. It may be lost. */
  traffic(samples: readonly OwnedSample[]): void;
  /** Looks now whether the viewers are still signed in; also done regularly. */
  recheck(): Promise<void>;
  sockets(): number;
  stop(): Promise<void>;
}

/** What tells who asks, and no more: kept as long as the socket. */
function credentials(request: IncomingMessage): Headers {
  const { cookie, authorization } = request.headers;
  return new Headers({ ...(cookie && { cookie }), ...(authorization && { authorization }) });
}

/** Every browser's live view of the cloud: one reader of the events, one bounded socket each. */
export function createHub(options: HubOptions): Hub {
  const limits: HubLimits = { ...defaults, ...options.limits };
  const { log, viewerOf } = options;
  const events = eventLog({ feed: options.feed, log, keep: limits.keptEvents, pollMs: limits.beatMs });
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: 4096,
    perMessageDeflate: false,
    clientTracking: true,
  });
  const viewers = new Map<WebSocket, { readonly socket: ViewerSocket; readonly credentials: Headers }>();
  const timers: NodeJS.Timeout[] = [];
  let stopping = false;

  const checks = stillThere({ viewerOf, deadlineMs: limits.identifyMs, log });

  function accept(ws: WebSocket, viewer: Viewer, seen: Headers): void {
    viewers.set(ws, { socket: viewerSocket(ws, viewer, events, limits), credentials: seen });
    ws.on("close", () => viewers.delete(ws));
  }

  return {
    async start() {
      events.onGrown(() => {
        for (const { socket } of viewers.values()) socket.pump();
      });
      await events.start();
      timers.push(setInterval(() => viewers.forEach(({ socket }) => void socket.beat()), limits.beatMs));
      timers.push(setInterval(() => void checks.look(() => viewers.values()), limits.recheckMs));
    },

    async upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      const seen = credentials(request);
      const { origin } = request.headers;
      // A page of somebody else's would bring the viewer's cookie along; a program with a token has neither.
      const trusted = origin === undefined ? seen.has("authorization") : options.trusts(origin);
      if (!trusted) return refuse(socket, 403, "This origin may not open a live connection.");
      if (stopping || server.clients.size >= limits.sockets) return refuse(socket, 503, "No more live connections.");
      const found = await checks.identify(seen);
      if (socket.destroyed) return;
      server.handleUpgrade(request, socket, head, (ws) => {
        // A browser cannot read the status of a refused upgrade, so it is told why by the code of a close.
        if (stopping) ws.close(closeCodes.goingAway);
        else if (found === "unknown") ws.close(closeCodes.tryLater, "try again");
        else if (found === undefined) ws.close(closeCodes.signedOut, "sign in");
        else accept(ws, found, seen);
      });
    },

    traffic(samples) {
      for (const { socket } of viewers.values()) socket.traffic(samples);
    },

    recheck: () => checks.look(() => viewers.values()),
    sockets: () => viewers.size,

    async stop() {
      stopping = true;
      for (const timer of timers) clearInterval(timer);
      const gone = [...viewers.keys()].map((ws) => new Promise<void>((resolve) => ws.once("close", () => resolve())));
      for (const { socket } of viewers.values()) socket.close(closeCodes.goingAway, "the server stops");
      await Promise.all([events.stop(), ...gone]); // each is cut off at the latest by its own close
      for (const ws of server.clients) ws.terminate();
      server.close();
    },
  };
}
