import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { z } from "zod";
import {
  type CustomerEvent,
  customerEvent,
  type ManagerFrame,
  managerFrame,
  type ProviderEvent,
  type ProviderFrame,
  sensorsBody,
  standingBody,
} from "../../lib/contract/index.ts";
import { application, organization } from "./ids.ts";
import { type Called, type SavedStates, savedStates } from "./saved-states.ts";

/** What the manager did, in order. */
export type Heard =
  | { readonly at: number; readonly is: "frame"; readonly frame: ManagerFrame; readonly connection: number }
  | { readonly at: number; readonly is: "posted"; readonly event: CustomerEvent }
  | { readonly at: number; readonly is: "stood"; readonly standing: "active" | "standby" }
  | { readonly at: number; readonly is: "reported"; readonly report: z.infer<typeof sensorsBody> }
  | { readonly at: number; readonly is: "called"; readonly called: Called }
  | { readonly at: number; readonly is: "connected"; readonly connection: number; readonly authorized: boolean }
  | { readonly at: number; readonly is: "closed"; readonly connection: number }
  | { readonly at: number; readonly is: "wrong"; readonly words: string };

export interface Provider {
  readonly url: string;
  readonly heard: readonly Heard[];
  /** What becomes of the manager's messages. `hold`: no answer. */
  answering: "take" | "hold" | "refuse";
  beating: boolean;
  readonly saved: SavedStates;
  /** The status of POSTed messages. */
  postStatus: number;
  /** What a connection is greeted with, and who asks by POST is told; null: nothing. */
  greeting: { standing: "active" | "standby"; epoch: number } | null;
  /** The next connections are closed at once with this code. */
  refuseNext: { times: number; code: number };
  send(frame: ProviderFrame): void;
  sendRaw(text: string): void;
  deliver(event: ProviderEvent): void;
  cut(): void;
  /** Called for each new thing heard. */
  onHeard: (() => void) | undefined;
  close(): Promise<void>;
}

const beatMs = 300;

export async function startProvider(key: string, port = 0): Promise<Provider> {
  const heard: Heard[] = [];
  let current: WebSocket | undefined;
  let connection = 0;
  const raw = new Set<Socket>();
  const note = (one: Heard): void => {
    heard.push(one);
    provider.onHeard?.();
  };
  const wrong = (words: string) => note({ at: Date.now(), is: "wrong", words });
  const saved = savedStates((called) => note({ at: Date.now(), is: "called", called }), wrong);

  const http: Server = createServer((request, response) => {
    void answerHttp(request).then(({ status, body }) => {
      if (body === null) response.writeHead(status).end();
      else response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });

  async function answerHttp(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const refused = (status: number, code: string, message: string) => ({ status, body: { error: { code, message } } });
    if (request.headers.authorization !== `Bearer ${key}`) {
      wrong(`${request.method} ${request.url} came without the key`);
      return refused(401, "not-signed-in", "Nobody is signed in.");
    }
    const parts: Uint8Array[] = [];
    for await (const part of request) if (part instanceof Uint8Array) parts.push(part);
    const text = Buffer.concat(parts).toString();
    if (request.method === "GET" && request.url === "/api/v1/applications")
      return {
        status: 200,
        body: {
          applications: [
            {
              ...application,
              ...{ organizationId: organization, mode: "collaborative", checkpointEveryMs: null },
              agreement: { answerWithinMs: 10_000, finishWithinMs: 60_000, fallback: "own-disk" },
            },
          ],
        },
      };
    if (request.method === "POST" && request.url === "/api/v1/collaboration/sensors") {
      const report = sensorsBody.safeParse(JSON.parse(text));
      if (!report.success) {
        wrong(`a POSTed report of sensors has not the protocol's form: ${report.error.issues[0]?.message}`);
        return refused(400, "bad-input", "not the protocol's form");
      }
      note({ at: Date.now(), is: "reported", report: report.data });
      return { status: 204, body: null };
    }
    const idempotencyKey = request.headers["idempotency-key"];
    const onCall = saved.answer(
      request.method ?? "GET",
      (request.url ?? "").replace("/api/v1", ""),
      typeof idempotencyKey === "string" ? idempotencyKey : undefined,
      text === "" ? undefined : JSON.parse(text),
    );
    if (onCall !== undefined) return onCall;
    if (request.method === "POST" && request.url === "/api/v1/collaboration/standing") {
      const asks = standingBody.safeParse(JSON.parse(text));
      if (!asks.success) {
        wrong(`a POSTed question for the right to act has not the protocol's form: ${asks.error.issues[0]?.message}`);
        return refused(400, "bad-input", "not the protocol's form");
      }
      if (provider.greeting === null) return refused(503, "not-available", "Try again.");
      note({ at: Date.now(), is: "stood", standing: provider.greeting.standing });
      return { status: 200, body: { ...provider.greeting, leaseMs: 6_000 } };
    }
    if (request.method !== "POST" || request.url !== "/api/v1/collaboration/messages")
      return refused(404, "not-found", "The conformance kit has no such route.");
    const event = customerEvent.safeParse(JSON.parse(text));
    if (!event.success) {
      wrong(`a POSTed message has not the protocol's form: ${event.error.issues[0]?.message}`);
      return refused(400, "bad-input", "not the protocol's form");
    }
    note({ at: Date.now(), is: "posted", event: event.data });
    if (provider.postStatus !== 202) return refused(provider.postStatus, "not-available", "Try again.");
    const { id, time, data } = event.data;
    return {
      status: 202,
      body: {
        ...{ id, organizationId: organization, incidentId: null, sequence: 1, at: Date.parse(time) },
        ...{ repairId: "repair" in data ? data.repair : null, from: "customer", message: data, by: "conformance" },
      },
    };
  }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  http.on("connection", (socket) => {
    raw.add(socket);
    socket.on("close", () => raw.delete(socket));
  });
  http.on("upgrade", (request, socket, head) => {
    if (request.url !== "/manager") {
      wrong(`a WebSocket to ${request.url}, not to /manager`);
      return void socket.destroy();
    }
    sockets.handleUpgrade(request, socket, head, (ws) => accept(ws, request));
  });

  function accept(ws: WebSocket, request: IncomingMessage): void {
    const mine = ++connection;
    const authorized = request.headers.authorization === `Bearer ${key}`;
    note({ at: Date.now(), is: "connected", connection: mine, authorized });
    if (provider.refuseNext.times > 0) {
      provider.refuseNext.times--;
      ws.close(provider.refuseNext.code, "not now");
      return;
    }
    current = ws;
    let greeted = false;
    ws.on("error", () => {});
    ws.on("close", () => {
      if (current === ws) current = undefined;
      note({ at: Date.now(), is: "closed", connection: mine });
    });
    ws.on("message", (data) => {
      let value: unknown;
      try {
        value = JSON.parse(String(data));
      } catch {
        return wrong("a frame that is no JSON");
      }
      const parsed = managerFrame.safeParse(value);
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        return wrong(`a frame has not the protocol's form: ${issue?.path.join(".")}: ${issue?.message}`);
      }
      const frame = parsed.data;
      if (!greeted && frame.type !== "hello") return wrong(`the first frame is ${frame.type}, not hello`);
      if (greeted && frame.type === "hello") return wrong("a second hello");
      greeted = true;
      note({ at: Date.now(), is: "frame", frame, connection: mine });
      if (frame.type === "hello" && provider.greeting !== null)
        provider.send({ type: "welcome", protocol: 1, ...provider.greeting, leaseMs: 6_000 });
      if (frame.type !== "message" || ws !== current) return;
      const { id } = frame.message;
      if (provider.answering === "take") provider.send({ type: "taken", id });
      if (provider.answering === "refuse")
        provider.send({ type: "refused", id, error: { code: "conflict", message: "This repair has ended." } });
    });
  }

  const timer = setInterval(() => {
    if (provider.beating) provider.send({ type: "beat", at: Date.now() });
  }, beatMs);

  const provider: Provider = {
    url: "",
    heard,
    saved,
    answering: "take",
    beating: true,
    postStatus: 202,
    greeting: { standing: "active", epoch: 3 },
    refuseNext: { times: 0, code: 1013 },
    onHeard: undefined,
    send: (frame) => provider.sendRaw(JSON.stringify(frame)),
    sendRaw: (text) => {
      if (current?.readyState === 1) current.send(text);
    },
    deliver: (event) => provider.send({ type: "message", message: event }),
    cut: () => current?.terminate(),
    close: async () => {
      clearInterval(timer);
      for (const client of sockets.clients) client.terminate();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        for (const socket of raw) socket.destroy();
      });
    },
  };
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, "127.0.0.1", resolve);
  });
  const address = http.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return Object.assign(provider, { url: `http://127.0.0.1:${listening}` });
}
