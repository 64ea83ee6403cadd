import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { type ByteStore, type CaptureFrame, DamagedData, NotSure, type PageBatch, StoreFull } from "../words.ts";
import { type Ask, collectedSchema, errorOf, socketName, standingSchema, statsSchema, storedSchema } from "./asks.ts";
import { BadCapture } from "./bad-capture.ts";
import { Credit, Inlet, write } from "./flow.ts";
import {
  BadFrame,
  decodeBatch,
  encodeBatch,
  encodeFrame,
  type Frame,
  FrameReader,
  json,
  type Kind,
  kinds,
  putWindow,
  readWindow,
  smaller,
  u32,
} from "./frames.ts";

/** The store's process is away, or went away while it was asked: what was asked may be done or not. */
export class StoreAway extends Error {
  override readonly name = "StoreAway";
}

const pingEveryMs = 5_000;
const silentMs = 30_000;
const againMs = 100;

interface Call {
  readonly credit: Credit | undefined;
  readonly inlet: Inlet<PageBatch> | undefined;
  readonly answer: PromiseWithResolvers<unknown>;
}

function revived(payload: Buffer): Error {
  const { name, message } = errorOf(payload);
  if (name === "StoreFull") return new StoreFull(message);
  if (name === "DamagedData") return new DamagedData(message);
  if (name === "NotSure") return new NotSure(message);
  return Object.assign(new Error(message), { name });
}

/** One connection and the calls on it. */
class Connection {
  private readonly calls = new Map<number, Call>();
  private next = 1;
  private heardMs = performance.now();
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader();
    socket.on("data", (chunk) => {
      this.heardMs = performance.now();
      try {
        for (const frame of reader.push(chunk)) this.take(frame);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.on("error", () => {}); // its close follows
    const watch = setInterval(() => {
      if (this.calls.size === 0) this.heardMs = performance.now();
      else if (performance.now() - this.heardMs > silentMs) socket.destroy();
      else void this.send(kinds.ping, 0);
    }, pingEveryMs).unref();
    socket.on("close", () => {
      clearInterval(watch);
      const away = new StoreAway("The store's process went away.");
      for (const { credit, inlet, answer } of this.calls.values()) {
        credit?.fail(away);
        inlet?.fail(away);
        answer.reject(away);
      }
      this.calls.clear();
    });
  }

  get usable(): boolean {
    return !this.socket.destroyed;
  }

  private send(...frame: Parameters<typeof encodeFrame>): Promise<void> {
    return write(this.socket, encodeFrame(...frame));
  }

  private take({ kind, call, payload }: Frame): void {
    const known = this.calls.get(call);
    if (!known) return;
    if (kind === kinds.credit) known.credit?.give(payload.readUInt32LE(0));
    else if (kind === kinds.pages) {
      if (known.inlet?.push(decodeBatch(payload)) === false) throw new BadFrame("More batches than were asked for.");
    } else if (kind === kinds.failed) {
      const error = revived(payload);
      known.credit?.fail(error);
      known.inlet?.fail(error);
      known.answer.reject(error);
      this.calls.delete(call);
    } else if (kind === kinds.done || kind === kinds.answer) {
      known.inlet?.end();
      known.answer.resolve(payload.byteLength > 0 ? JSON.parse(payload.toString("utf8")) : undefined);
      this.calls.delete(call);
    }
  }

  private begin(kind: Kind, payload: readonly Uint8Array[], parts: Partial<Pick<Call, "credit" | "inlet">> = {}) {
    if (!this.usable) throw new StoreAway("The store's process went away.");
    const call = this.next++;
    const answer = Promise.withResolvers<unknown>();
    answer.promise.catch(() => {}); // a read's caller hears of it through its pages
    this.calls.set(call, { credit: parts.credit, inlet: parts.inlet, answer });
    void this.send(kind, call, ...payload);
    return { call, answer: answer.promise };
  }

  /** Somebody answers: a connection to a process that is dying was only taken by the system. */
  async greet(): Promise<void> {
    await this.begin(kinds.ping, []).answer;
  }

  ask(ask: Ask): Promise<unknown> {
    return this.begin(kinds.ask, [json(ask)]).answer;
  }

  /** The answer ends it, whether or not the source has said all: a silent host holds nobody up when the store went away. */
  async put(frames: AsyncIterable<CaptureFrame>): Promise<unknown> {
    const credit = new Credit(putWindow);
    const { call, answer } = this.begin(kinds.ask, [json({ op: "put" } satisfies Ask)], { credit });
    const iterator = frames[Symbol.asyncIterator]();
    let broke: { readonly error: unknown } | undefined;
    this.pump(call, iterator, credit).catch((error: unknown) => {
      if (!this.calls.has(call)) return;
      broke = { error };
      void this.send(kinds.failed, call, json({ name: "Error", message: String(error) }));
    });
    try {
      return await answer;
    } catch (error) {
      throw broke ? broke.error : error;
    } finally {
      credit.fail(new Error("It was answered."));
      iterator.return?.().catch(() => {});
    }
  }

  private async pump(call: number, frames: AsyncIterator<CaptureFrame>, credit: Credit): Promise<void> {
    const send = async (kind: Kind, payload: readonly Uint8Array[]) => {
      await credit.take();
      await this.send(kind, call, ...payload);
    };
    for (;;) {
      const { value, done } = await frames.next();
      if (done) throw new BadCapture("The capture was cut short.");
      if (value.kind !== "pages") await send(kinds.frame, [json(value)]);
      else for (const batch of smaller(value.batch)) await send(kinds.pages, encodeBatch(batch));
      if (value.kind === "end") return;
    }
  }

  async *read(ask: Ask): AsyncGenerator<PageBatch, void, undefined> {
    const inlet: Inlet<PageBatch> = new Inlet(readWindow, () => void this.send(kinds.credit, call, u32(1)));
    const { call } = this.begin(kinds.ask, [json(ask)], { inlet });
    void this.send(kinds.credit, call, u32(readWindow));
    try {
      yield* inlet;
    } finally {
      if (this.calls.delete(call)) void this.send(kinds.failed, call, json({ name: "Error", message: "enough" }));
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

function open(file: string): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketName(file));
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      const made = new Connection(socket);
      made.greet().then(() => resolve(made), reject);
    });
  });
}

/**
 * The store of another process. Puts and reads that are under way when it dies reject with `StoreAway`; what can be asked again is asked
 * again, once. Later calls wait for it, at most `waitMs`.
 */
export function connectStore(file: string, options: { readonly waitMs?: number } = {}): ByteStore {
  const waitMs = options.waitMs ?? 15_000;
  const ending = new AbortController();
  let current: Promise<Connection> | undefined;

  async function connected(): Promise<Connection> {
    const until = performance.now() + waitMs;
    for (;;) {
      if (ending.signal.aborted) throw new StoreAway("This client of the store is closed.");
      try {
        return await open(file);
      } catch (cause) {
        if (performance.now() >= until) throw new StoreAway("The store's process is away.", { cause });
        await delay(againMs);
      }
    }
  }
  async function connection(): Promise<Connection> {
    for (;;) {
      current ??= connected();
      const mine = current;
      try {
        const found = await mine;
        if (found.usable) return found;
      } catch (error) {
        if (current === mine) current = undefined;
        throw error;
      }
      if (current === mine) current = undefined;
    }
  }
  /** Each of these may be asked twice: one that the store died under is asked the next one. */
  async function ask(question: Ask): Promise<unknown> {
    try {
      return await (await connection()).ask(question);
    } catch (error) {
      if (!(error instanceof StoreAway) || ending.signal.aborted) throw error;
      return (await connection()).ask(question);
    }
  }

  return {
    put: async (frames) => storedSchema.parse(await (await connection()).put(frames)),
    list: async (vm) => z.array(storedSchema).parse(await ask({ op: "list", vm })),
    get: async (checkpoint) => storedSchema.nullable().parse(await ask({ op: "get", checkpoint })) ?? undefined,
    bears: async (checkpoint, organization) => (await ask({ op: "bears", checkpoint, organization })) === true,
    async *read(checkpoint, volume, since) {
      yield* (await connection()).read({ op: "read", checkpoint, volume, since });
    },
    verify: async (checkpoint) => (await ask({ op: "verify", checkpoint })) === true,
    async drop(checkpoints) {
      await ask({ op: "drop", checkpoints: [...checkpoints] });
    },
    collect: async () => collectedSchema.parse(await ask({ op: "collect" })),
    stats: async () => statsSchema.parse(await ask({ op: "stats" })),
    standing: async () => standingSchema.parse(await ask({ op: "standing" })),
    async close() {
      ending.abort();
      (await current?.catch(() => undefined))?.close();
    },
  };
}
