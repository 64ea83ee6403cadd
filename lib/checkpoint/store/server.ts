import { chmod, unlink } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import type { ByteStore, CaptureFrame } from "../words.ts";
import { type Ask, askSchema, errorOf, putFrameSchema, socketName } from "./asks.ts";
import { isAbsent } from "./files.ts";
import { Credit, Inlet, write } from "./flow.ts";
import {
  BadFrame,
  decodeBatch,
  encodeBatch,
  encodeFrame,
  type Frame,
  FrameReader,
  json,
  kinds,
  mostCalls,
  mostFrameBytes,
  putWindow,
  u32,
} from "./frames.ts";

const mostClients = 32;

type Call =
  | { readonly kind: "put"; readonly inlet: Inlet<CaptureFrame> }
  | { readonly kind: "read"; readonly credit: Credit }
  | { readonly kind: "other" };

/** One client's connection. */
class Serving {
  private readonly calls = new Map<number, Call>();
  private readonly reader = new FrameReader();
  private readonly store: ByteStore;
  private readonly socket: Socket;

  constructor(store: ByteStore, socket: Socket) {
    this.store = store;
    this.socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      try {
        for (const frame of this.reader.push(chunk)) this.take(frame);
      } catch {
        socket.destroy(); // its words make no sense: it is not one of ours, or of another version
      }
    });
    socket.on("close", () => {
      const gone = new Error("The client went away.");
      for (const call of this.calls.values()) {
        if (call.kind === "put") call.inlet.fail(gone);
        else if (call.kind === "read") call.credit.fail(gone);
      }
    });
  }

  private take({ kind, call, payload }: Frame): void {
    const known = this.calls.get(call);
    if (kind === kinds.ask) this.begin(call, askSchema.parse(JSON.parse(payload.toString("utf8"))));
    else if (kind === kinds.ping) void write(this.socket, encodeFrame(kinds.answer, call));
    else if (known?.kind === "put") {
      if (kind === kinds.failed) {
        known.inlet.fail(new Error(errorOf(payload).message));
        return;
      }
      const frame: CaptureFrame =
        kind === kinds.pages
          ? { kind: "pages", batch: decodeBatch(payload) }
          : putFrameSchema.parse(JSON.parse(payload.toString("utf8")));
      if (!known.inlet.push(frame)) throw new BadFrame("More frames than there was credit for.");
    } else if (known?.kind === "read") {
      if (kind === kinds.credit) known.credit.give(payload.readUInt32LE(0));
      else known.credit.fail(new Error("Nobody wants more of it."));
    }
  }

  private begin(call: number, ask: Ask): void {
    if (this.calls.size >= mostCalls || this.calls.has(call)) throw new BadFrame("Too many calls.");
    const send = (...frame: Parameters<typeof encodeFrame>) => write(this.socket, encodeFrame(...frame));
    const ended = this.answer(call, ask)
      .then((answer) => {
        if (ask.op === "read") return send(kinds.done, call);
        const payload = json(answer === undefined ? null : answer);
        if (payload.byteLength > mostFrameBytes - 16) throw new Error("The answer is too long.");
        return send(kinds.answer, call, payload);
      })
      .catch((error: unknown) => {
        const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
        return send(kinds.failed, call, json({ name, message }));
      });
    void ended.finally(() => this.calls.delete(call));
  }

  private async answer(call: number, ask: Ask): Promise<unknown> {
    const { store } = this;
    switch (ask.op) {
      case "put": {
        const more = () => void write(this.socket, encodeFrame(kinds.credit, call, u32(1)));
        const inlet = new Inlet<CaptureFrame>(putWindow, more);
        this.calls.set(call, { kind: "put", inlet });
        return store.put(inlet);
      }
      case "read": {
        const credit = new Credit(0);
        this.calls.set(call, { kind: "read", credit });
        for await (const batch of store.read(ask.checkpoint, ask.volume, ask.since)) {
          await credit.take();
          await write(this.socket, encodeFrame(kinds.pages, call, ...encodeBatch(batch)));
        }
        return undefined;
      }
      default:
        this.calls.set(call, { kind: "other" });
    }
    switch (ask.op) {
      case "list":
        return store.list(ask.vm);
      case "get":
        return store.get(ask.checkpoint);
      case "bears":
        return store.bears(ask.checkpoint, ask.organization);
      case "verify":
        return store.verify(ask.checkpoint);
      case "drop":
        return store.drop(ask.checkpoints);
      case "collect":
        return store.collect();
      case "stats":
        return store.stats();
      case "standing":
        return store.standing();
    }
  }
}

/** Lets others use the store over a socket that only this account may open. The caller holds the store's lock, so an old socket is a dead one's. */
export async function serveStore(store: ByteStore, file: string): Promise<{ close(): Promise<void> }> {
  const name = socketName(file);
  await unlink(name).catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= mostClients) return void socket.destroy();
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    new Serving(store, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(name, resolve);
  });
  await chmod(name, 0o600); // its directory lets nobody else in either
  return {
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
