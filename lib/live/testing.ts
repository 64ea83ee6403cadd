import { createServer } from "node:http";
import { WebSocket } from "ws";
import { type Change, type ServerFrame, serverFrame } from "../contract/index.ts";
import type { EventFeed, Log, StoredEvent } from "../engine/ports.ts";
import { defaultAgreement, idSource, type OrganizationId, type Viewer } from "../model/index.ts";
import { createHub, type HubLimits } from "./hub.ts";

/** For tests: a feed in memory, a hub on a port of 127.0.0.1 and browsers that remember what they were sent. */

let drawn = 0;
export const ids = idSource(
  () => 1_700_000_000_000 + drawn,
  () => (drawn++ % 97) / 97,
);

export const silent: Log = { info() {}, warn() {}, error() {} };

export const provider: Viewer = { userId: null, name: "admin", organizationId: ids.next("org"), role: "provider" };
export const customer = (organizationId: OrganizationId): Viewer => ({
  userId: ids.next("usr"),
  name: "ada",
  organizationId,
  role: "customer",
});

export function fakeFeed() {
  const events: StoredEvent[] = [];
  const wakes = new Set<() => void>();
  const feed: EventFeed = {
    after: async (seq, limit) => events.filter((event) => event.seq > seq).slice(0, limit),
    lastSeq: async () => events.length,
    onNews(wake) {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
  };
  return {
    feed,
    /** `quietly`: the wake is lost on its way. */
    commit(change: Change, how: "loudly" | "quietly" = "loudly"): number {
      events.push({ seq: events.length + 1, at: Date.now(), words: "something changed", change });
      if (how === "loudly") for (const wake of wakes) wake();
      return events.length;
    },
  };
}

export const application = (organizationId: OrganizationId, name: string): Change => ({
  kind: "application.changed",
  application: {
    id: ids.next("app"),
    organizationId,
    name,
    mode: "provider",
    checkpointEveryMs: null,
    agreement: defaultAgreement,
  },
});

export type Frame<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

const isOf = <T extends ServerFrame["type"]>(type: T, frame: ServerFrame): frame is Frame<T> => frame.type === type;

export interface Browser {
  readonly ws: WebSocket;
  readonly frames: ServerFrame[];
  /** Resolves with the code of the close. */
  readonly closed: Promise<number>;
  /** The first frame of the type that passes, of those that came and those to come. */
  until<T extends ServerFrame["type"]>(type: T, passes?: (frame: Frame<T>) => boolean): Promise<Frame<T>>;
  /** Names of the applications that came in events, in the order of their coming. */
  names(): string[];
}

export async function startHub(feed: EventFeed, people: Map<string, Viewer>, limits: Partial<HubLimits> = {}) {
  const hub = createHub({
    feed,
    log: silent,
    viewerOf: async (headers) => people.get(headers.get("cookie") ?? ""),
    trusts: (origin) => origin === "http://belay.test",
    limits: { beatMs: 50, recheckMs: 50, ...limits },
  });
  await hub.start();
  const server = createServer();
  server.on("upgrade", (request, socket, head) => void hub.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const opened: WebSocket[] = [];

  function browser(cookie: string, after: number | undefined, origin = "http://belay.test"): Browser {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { cookie }, origin });
    opened.push(ws);
    const frames: ServerFrame[] = [];
    const waiting = new Set<() => void>();
    const closed = new Promise<number>((resolve) => {
      ws.on("close", (code) => resolve(code));
    });
    ws.on("error", () => {}); // `close` follows
    ws.on("open", () => after !== undefined && ws.send(JSON.stringify({ type: "resume", after })));
    ws.on("message", (data) => {
      frames.push(serverFrame.parse(JSON.parse(data.toString())));
      for (const look of waiting) look();
    });
    return {
      ws,
      frames,
      closed,
      until: (type, passes = () => true) =>
        new Promise((resolve) => {
          const look = () => {
            const frame = frames.filter((it) => isOf(type, it)).find(passes);
            if (frame === undefined) return;
            waiting.delete(look);
            resolve(frame);
          };
          waiting.add(look);
          look();
        }),
      names: () =>
        frames
          .filter((it) => isOf("events", it))
          .flatMap((frame) => frame.events)
          .flatMap(({ change }) => (change.kind === "application.changed" ? [change.application.name] : [])),
    };
  }

  return {
    hub,
    port,
    browser,
    async [Symbol.asyncDispose]() {
      for (const ws of opened) ws.terminate();
      await hub.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
