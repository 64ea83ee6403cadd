/**
 * A stream lives beside the calls of its connection, under the serial of the call that opened it.
 *
 *   data      stream packets with status continue, at most 262,120 bytes each; an empty one from the server is its end of data
 *   hole      a packet of its own type, only where sparse transfer was asked for
 *   finish    status ok from us, answered by status ok (done) or error (what went wrong, e.g. in flushing)
 *   abort     status error from either side
 *
 * A slow reader holds the server back by not reading the connection, which also delays the answers to calls: use a connection
 * of its own for bulk data. One that takes nothing for `idleTimeoutMs` loses its stream, not the connection.
 */
import { aborted, RpcError } from "../errors.ts";
import type { Procedures } from "../protocol/generated/types.ts";
import { limits, type Procedure, procedure } from "../protocol/table.ts";
import type { StreamPacket, StreamSink } from "../router/router.ts";
import type { CallOptions, Session } from "../session/session.ts";
import type { StreamProcedure } from "./procedures.ts";

export interface StreamOptions extends CallOptions {
  /** Longest wait for data, for room to send, for the reader, or for the end to be confirmed. Default 30 s; for a console, Infinity. */
  readonly idleTimeoutMs?: number;
}

export type StreamItem =
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  | { readonly kind: "hole"; readonly lengthBytes: bigint };

/** Received and not yet read: reading the connection stops above this. */
const highWaterBytes = 1024 * 1024;
/** What a waiting hole counts, so that holes alone cannot fill the memory. */
const holeWeightBytes = 1024;
const maxStreams = 64;

export async function openStream<P extends StreamProcedure>(
  session: Session,
  name: P,
  args: Procedures[P]["args"] | undefined,
  options: StreamOptions = {},
): Promise<RpcStream<Procedures[P]["ret"]>> {
  if (session.openStreams >= maxStreams) {
    throw new RpcError("QueueFull", `${name}: ${maxStreams} streams are already open on ${session.target}`);
  }
  const pipe = new StreamPipe(session, procedure(name), options);
  const answer = await session.request(procedure(name), args, options, {
    sink: pipe,
    sync: (outcome) => {
      if (!outcome.ok) pipe.openingFailed(outcome.error);
    },
    late: (outcome) => {
      if (outcome.ok) pipe.abort().catch(() => undefined);
      else pipe.forget();
    },
  });
  pipe.opened();
  // As in `Connection.call`: codec and type are of one row of the table.
  return new RpcStream(pipe, answer as Procedures[P]["ret"]);
}

/** What an open stream offers. Each of read, write, finish, abort throws the stream's error once it has failed. */
export class RpcStream<R> {
  /** What the opening call answered, e.g. a screenshot's MIME type. */
  readonly answer: R;
  readonly #pipe: StreamPipe;

  constructor(pipe: StreamPipe, answer: R) {
    this.#pipe = pipe;
    this.answer = answer;
  }

  /** The next data or hole; undefined at the end of data. The bytes are the reader's to keep. */
  read(): Promise<StreamItem | undefined> {
    return this.#pipe.read();
  }

  /** Sends data of any length; resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#pipe.write(bytes);
  }

  /** Sends a hole; only where the opening call asked for a sparse stream. */
  writeHole(lengthBytes: bigint): Promise<void> {
    return this.#pipe.writeHole(lengthBytes);
  }

  /** Ends the stream and waits until libvirt confirms that all is well. */
  finish(): Promise<void> {
    return this.#pipe.finish();
  }

  /** Ends the stream without its data being complete. Never throws; may be called again. */
  abort(): Promise<void> {
    return this.#pipe.abort();
  }

  /** Reads to the end and confirms it; leaving the loop early aborts. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamItem, void> {
    try {
      for (let item = await this.read(); item; item = await this.read()) yield item;
      await this.finish();
    } finally {
      await this.abort();
    }
  }
}

type State = "opening" | "open" | "finishing" | "aborting" | "done";

/** The state of one stream, fed by the router. */
export class StreamPipe implements StreamSink {
  readonly procedure: Procedure;
  readonly #session: Session;
  readonly #idleTimeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #items: StreamItem[] = [];
  readonly #ended: Promise<void>;
  #tellEnded: () => void = () => {};
  #queuedBytes = 0;
  #serial = 0;
  #state: State = "opening";
  #endOfData = false;
  #error: Error | undefined;
  #wakeReader: (() => void) | undefined;
  #stall: NodeJS.Timeout | undefined;

  constructor(session: Session, opening: Procedure, options: StreamOptions) {
    this.#session = session;
    this.procedure = opening;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 30_000;
    this.#signal = options.signal;
    this.#ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
  }

  opening(serial: number): void {
    this.#serial = serial;
  }

  opened(): void {
    if (this.#state === "opening") this.#state = "open";
    if (this.#signal?.aborted) this.#onAbort();
    else this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  openingFailed(error: Error): void {
    // An aborted or late opening keeps its place in the router: libvirt may open it yet, and must then be told to stop.
    if (!(error instanceof RpcError && (error.code === "Aborted" || error.code === "CallTimeout"))) this.forget();
    this.#error = error;
  }

  forget(): void {
    this.#session.forgetStream(this.#serial);
    this.#end(this.#error);
  }

  receive(packet: StreamPacket): void {
    switch (packet.kind) {
      case "finished":
        this.#end(this.#state === "finishing" ? undefined : this.#error);
        break;
      case "failed":
        this.#end(this.#state === "aborting" ? this.#error : packet.error);
        break;
      case "hole":
        this.#queue({ kind: "hole", lengthBytes: packet.lengthBytes }, holeWeightBytes);
        break;
      case "data":
        if (packet.bytes.length > 0) {
          this.#queue({ kind: "data", bytes: packet.bytes }, packet.bytes.length);
          break;
        }
        this.#endOfData = true;
        this.#wake();
    }
  }

  async read(): Promise<StreamItem | undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item) {
        this.#taken(item.kind === "data" ? item.bytes.length : holeWeightBytes);
        return item;
      }
      if (this.#error) throw this.#error;
      if (this.#endOfData || this.#state === "done") return undefined;
      if (this.#wakeReader) throw new Error(`${this.procedure.name}: only one reader at a time`);
      const woken = new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      await this.#within(woken, "no data came");
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += limits.streamPayloadBytes) {
      const payload = bytes.subarray(at, at + limits.streamPayloadBytes);
      await this.#send({ status: "continue", payload });
    }
  }

  async writeHole(lengthBytes: bigint): Promise<void> {
    if (lengthBytes < 0n || lengthBytes > 2n ** 63n - 1n) throw new RangeError(`a hole of ${lengthBytes} bytes`);
    const payload = Buffer.alloc(12);
    payload.writeBigInt64BE(lengthBytes, 0);
    await this.#send({ type: "hole", status: "continue", payload });
  }

  async finish(): Promise<void> {
    if (this.#state === "done" && !this.#error) return;
    await this.#send({ status: "ok" }, "finishing");
    await this.#within(this.#ended, "the end was not confirmed");
    if (this.#error) throw this.#error;
  }

  async abort(error?: Error): Promise<void> {
    if (this.#state === "done" || this.#state === "aborting") return;
    this.#error ??= error ?? new RpcError("Aborted", `${this.procedure.name}: the stream was aborted`);
    this.#state = "aborting";
    this.#items.length = 0;
    this.#wake();
    this.#taken(this.#queuedBytes);
    await this.#session.sendStream(this.procedure, this.#serial, { status: "error" }).catch(() => undefined);
  }

  async #send(packet: Parameters<Session["sendStream"]>[2], next?: State): Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#state !== "open") throw new RpcError("Aborted", `${this.procedure.name}: the stream is ${this.#state}`);
    if (next) this.#state = next;
    await this.#within(this.#session.sendStream(this.procedure, this.#serial, packet), "no room to send");
    if (this.#error) throw this.#error;
  }

  #queue(item: StreamItem, bytes: number): void {
    if (this.#state === "aborting" || this.#state === "done") return;
    this.#items.push(item);
    this.#queuedBytes += bytes;
    this.#wake();
    if (this.#queuedBytes < highWaterBytes || this.#stall) return;
    this.#session.pause(this);
    if (Number.isFinite(this.#idleTimeoutMs)) {
      this.#stall = setTimeout(() => void this.abort(this.#stalled("the reader took nothing")), this.#idleTimeoutMs);
    }
  }

  #taken(bytes: number): void {
    this.#queuedBytes -= bytes;
    if (this.#queuedBytes < highWaterBytes) {
      clearTimeout(this.#stall);
      this.#stall = undefined;
      this.#session.resume(this);
    } else this.#stall?.refresh();
  }

  readonly #onAbort = () => {
    if (this.#signal) void this.abort(aborted(this.procedure.name, this.#signal));
  };

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }

  #stalled(what: string): RpcError {
    return new RpcError("StreamStalled", `${this.procedure.name}: ${what} for ${this.#idleTimeoutMs} ms`);
  }

  /** Waits for `work`, or aborts the stream when it takes longer than the stream may be idle. */
  async #within(work: Promise<void>, what: string): Promise<void> {
    if (!Number.isFinite(this.#idleTimeoutMs)) return work;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#idleTimeoutMs);
    });
    const outcome = await Promise.race([work, late]);
    clearTimeout(timer);
    if (outcome !== "late") return;
    const error = this.#stalled(what);
    await this.abort(error);
    throw error;
  }

  #end(error: Error | undefined): void {
    if (this.#state === "done") return;
    this.#state = "done";
    this.#error = error;
    this.#endOfData = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#wake();
    this.#tellEnded();
    // Nothing more comes: what is queued may stay for the reader without holding the connection.
    clearTimeout(this.#stall);
    this.#session.resume(this);
  }
}
