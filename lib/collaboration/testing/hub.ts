import { createServer } from "node:http";
import { WebSocket } from "ws";
import { type CustomerEvent, eventType, type ProviderFrame, providerFrame } from "../../contract/index.ts";
import type { Log } from "../../engine/ports.ts";
import type { CustomerMessage, KeyScope, OrganizationId, Viewer } from "../../model/index.ts";
import { createCollaborationHub } from "../hub.ts";
import type { HubLimits } from "../limits.ts";
import type { ConversationStore } from "../ports.ts";
import { ids } from "./store.ts";

/** For tests: a hub on a port of 127.0.0.1, and managers that remember what they were sent. */

export const silent: Log = { info() {}, warn() {}, error() {} };

export const keyOf = (organizationId: OrganizationId, scopes: readonly KeyScope[] = ["collaborate"]): Viewer => ({
  ...{ userId: null, name: "key of tests", organizationId, role: "customer" },
  key: { id: ids.next("key"), scopes },
});

export const eventOf = (data: CustomerMessage, epoch?: number): CustomerEvent => ({
  ...{ specversion: "1.0", id: ids.next("msg"), source: "manager", type: eventType(data.kind) },
  ...{ time: new Date().toISOString(), datacontenttype: "application/json", data },
  ...(epoch !== undefined && { epoch }),
});

export const accepted = (): CustomerMessage => ({ kind: "repair.accepted", repair: ids.next("rep") });

type Frame<T extends ProviderFrame["type"]> = Extract<ProviderFrame, { type: T }>;
const isOf = <T extends ProviderFrame["type"]>(type: T, frame: ProviderFrame): frame is Frame<T> => frame.type === type;

/** A manager of tests. It says `received` by itself unless told otherwise. */
export function manager(
  url: string,
  key: string,
  options: { instance?: string; silent?: boolean; mute?: boolean; autoPong?: boolean } = {},
) {
  const { autoPong = true } = options;
  const ws = new WebSocket(url, { headers: { authorization: `Bearer ${key}` }, autoPong });
  const frames: ProviderFrame[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<number>((resolve) => ws.once("close", (code) => resolve(code)));
  const send = (frame: unknown) => ws.send(JSON.stringify(frame));
  const { instance = "instance-1", silent: isSilent = false, mute = false } = options;
  ws.on("error", () => {});
  if (!mute)
    ws.once("open", () => send({ type: "hello", protocol: 1, instance, name: "belay-manager", version: "1.0" }));
  ws.on("message", (data) => {
    const frame = providerFrame.parse(JSON.parse(data.toString()));
    frames.push(frame);
    if (frame.type === "message" && !isSilent) send({ type: "received", id: frame.message.id });
    for (const look of [...waiting]) look();
  });
  return {
    ws,
    frames,
    closed,
    send,
    messages: () => frames.filter((it) => isOf("message", it)).map(({ message }) => message),
    words: () =>
      frames.flatMap((it) => (it.type === "message" && "words" in it.message.data ? [it.message.data.words] : [])),
    /** The first frame of the type that passes, of those that came and those to come. */
    until<T extends ProviderFrame["type"]>(type: T, passes: (frame: Frame<T>) => boolean = () => true) {
      return new Promise<Frame<T>>((resolve, reject) => {
        const look = () => {
          for (const frame of frames) {
            if (!isOf(type, frame) || !passes(frame)) continue;
            waiting.delete(look);
            return resolve(frame);
          }
        };
        waiting.add(look);
        look();
        void closed.then((code) => reject(new Error(`closed with ${code} before ${type}`)));
      });
    },
  };
}

export async function startHub(store: ConversationStore, keys: Map<string, Viewer>, limits: Partial<HubLimits> = {}) {
  const clock = { now: () => Date.now(), monotonicMs: () => performance.now() };
  const viewerOf = async (headers: Headers) => keys.get(headers.get("authorization")?.replace("Bearer ", "") ?? "");
  const hub = createCollaborationHub({ store, viewerOf, clock, log: silent, limits: { beatMs: 50, ...limits } });
  await hub.start();
  const server = createServer();
  server.on("upgrade", (request, socket, head) => void hub.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const managers: ReturnType<typeof manager>[] = [];
  return {
    hub,
    manager(key: string, options: Parameters<typeof manager>[2] = {}) {
      const one = manager(`ws://127.0.0.1:${port}/manager`, key, options);
      managers.push(one);
      return one;
    },
    async [Symbol.asyncDispose]() {
      for (const { ws } of managers) ws.terminate();
      await hub.stop();
      server.close();
      server.closeAllConnections();
    },
  };
}
