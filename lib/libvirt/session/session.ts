/**
 * One open byte stream to a daemon: sends calls, hears answers, keeps the line alive. Whatever goes wrong with the stream ends
 * it once, with one typed error, which every pending call and stream is told. Never throws out of an event handler.
 */
import type { Duplex } from "node:stream";
import { messageOf, protocolError, RpcError } from "../errors.ts";
import { FrameReader } from "../framing/framing.ts";
import { encodePacket, type Header, prefixBytes } from "../framing/header.ts";
import { limits, type MessageName, type Procedure, programs } from "../protocol/table.ts";
import { type Outcome, Router, type StreamSink } from "../router/router.ts";
import { XdrWriter } from "../xdr/writer.ts";
import { Keepalive, type KeepaliveOptions } from "./keepalive.ts";
import { OutgoingCall } from "./outgoing-call.ts";

export interface CallOptions {
  /** Until the answer must have come, waiting for a place included. Default: the connection's `callTimeoutMs`. */
  readonly timeoutMs?: number;
  /** Gives the call up. libvirt has no way to take a call back: what it began goes on there. */
  readonly signal?: AbortSignal;
}

export interface SessionOptions {
  readonly target: string;
  readonly callTimeoutMs: number;
  readonly maxInFlight: number;
  readonly maxQueued: number;
  readonly onEvent: (name: MessageName, value: unknown) => void;
}

export interface RequestHooks {
  /** Sees the outcome while the packet is being received, before any later one is: to be ready for what may follow at once. */
  readonly sync?: (outcome: Outcome) => void;
  /** Makes the call the opening of a stream, whose packets go here. */
  readonly sink?: StreamSink & { readonly opening: (serial: number) => void };
  /** Sees the answer to the opening of a stream that was given up before. */
  readonly late?: (outcome: Outcome) => void;
}

const ping = 1;
const pong = 2;

export class Session {
  readonly target: string;
  /** Kept when the stream has ended, with the reason; never rejects. */
  readonly closed: Promise<RpcError>;
  readonly #duplex: Duplex;
  readonly #options: SessionOptions;
  readonly #frames = new FrameReader();
  readonly #router: Router;
  readonly #waiting: OutgoingCall[] = [];
  readonly #pausedBy = new Set<object>();
  #drainWaiters: (() => void)[] = [];
  #keepalive: Keepalive | undefined;
  #heardAt = Date.now();
  #lastSerial = 0;
  /** Sent and still waited for. Calls given up do not count, or a few that hang would block all others. */
  #inFlight = 0;
  #closedBy: RpcError | undefined;
  #tellClosed: (error: RpcError) => void = () => {};

  constructor(duplex: Duplex, options: SessionOptions) {
    this.target = options.target;
    this.#duplex = duplex;
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    this.#router = new Router({ keepalive: (number) => this.#onKeepalive(number), event: options.onEvent });
    duplex.on("data", (chunk: Buffer) => this.#onData(chunk));
    duplex.on("drain", () => this.#onDrain());
    duplex.on("end", () => this.#onEnd());
    duplex.on("error", (cause) => this.#end("ConnectionClosed", messageOf(cause), cause));
    duplex.on("close", () => this.#end("ConnectionClosed", "the connection was closed"));
    // It may have ended between the dialling and this.
    if (duplex.destroyed) {
      const { errored } = duplex;
      this.#end("ConnectionClosed", errored ? errored.message : "the connection was closed at once", errored);
    }
  }

  get closedBy(): RpcError | undefined {
    return this.#closedBy;
  }

  /** When the last bytes came, in milliseconds since 1970 as the clock was set then: the same until the next ones. */
  get heardAt(): number {
    return this.#heardAt;
  }

  startKeepalive(options: KeepaliveOptions): void {
    if (this.#closedBy) return;
    const { intervalMs, count } = options;
    this.#keepalive = new Keepalive(
      options,
      () => this.#sendKeepalive(ping),
      () => this.#end("KeepaliveTimeout", `${count} pings, one every ${intervalMs} ms, stayed unanswered`),
    );
  }

  /** Sends a call and waits for its answer. */
  request(procedure: Procedure, args: unknown, options: CallOptions = {}, more: RequestHooks = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closedBy) return reject(this.#errorFor(procedure, "ConnectionClosed"));
      if (this.#waiting.length >= this.#options.maxQueued) {
        return reject(
          new RpcError("QueueFull", `${procedure.name}: ${this.#waiting.length} calls already wait for ${this.target}`),
        );
      }
      const serial = this.#newSerial();
      let packet: Buffer;
      try {
        packet = encodeCall(procedure, serial, args);
      } catch (error) {
        return reject(error);
      }
      const call = new OutgoingCall({
        procedure,
        serial,
        packet,
        timeoutMs: options.timeoutMs ?? this.#options.callTimeoutMs,
        ...(options.signal && { signal: options.signal }),
        ...(more.sink && { sink: more.sink }),
        ...(more.late && { late: more.late }),
        done: (outcome) => {
          if (call.sent) this.#inFlight -= 1;
          more.sync?.(outcome);
          if (outcome.ok) resolve(outcome.value);
          else reject(outcome.error);
          this.#sendWaiting();
        },
        giveUp: () => this.#giveUp(call),
      });
      if (!call.start()) return;
      more.sink?.opening(serial);
      this.#waiting.push(call);
      this.#sendWaiting();
    });
  }

  /** Sends one packet of an open stream; resolves when there is room for the next. */
  sendStream(
    procedure: Procedure,
    serial: number,
    packet: Pick<Header, "status"> & { readonly type?: "hole"; readonly payload?: Uint8Array },
  ): Promise<void> {
    if (this.#closedBy) return Promise.reject(this.#errorFor(procedure, "ConnectionClosed"));
    const header: Header = {
      program: procedure.program,
      version: procedure.version,
      procedure: procedure.number,
      type: packet.type ?? "stream",
      serial,
      status: packet.status,
    };
    if (this.#duplex.write(encodePacket(header, packet.payload))) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  get openStreams(): number {
    return this.#router.streams.size;
  }

  forgetStream(serial: number): void {
    this.#router.giveUp(serial);
  }

  /** Stops reading until every one who paused has resumed: how a slow reader of a stream holds the server back. */
  pause(by: object): void {
    this.#pausedBy.add(by);
    this.#keepalive?.hold(true);
    this.#duplex.pause();
  }

  resume(by: object): void {
    if (!this.#pausedBy.delete(by) || this.#pausedBy.size > 0) return;
    this.#keepalive?.hold(false);
    this.#duplex.resume();
  }

  close(reason = "closed by this side"): void {
    this.#end("ConnectionClosed", reason);
  }

  #newSerial(): number {
    do this.#lastSerial = this.#lastSerial === 0xffff_ffff ? 1 : this.#lastSerial + 1;
    while (this.#router.calls.has(this.#lastSerial) || this.#router.streams.has(this.#lastSerial));
    return this.#lastSerial;
  }

  #sendWaiting(): void {
    while (this.#inFlight < this.#options.maxInFlight) {
      const call = this.#closedBy ? undefined : this.#waiting.shift();
      if (!call) return;
      call.sent = true;
      this.#inFlight += 1;
      this.#router.calls.set(call.serial, call);
      if (call.sink) this.#router.streams.set(call.serial, call.sink);
      this.#duplex.write(call.packet);
    }
  }

  #giveUp(call: OutgoingCall): void {
    const at = this.#waiting.indexOf(call);
    if (at >= 0) this.#waiting.splice(at, 1);
    // An opening stream is not forgotten: when it opens late after all, its sink has to tell the server to stop.
    else if (!call.sink) this.#router.giveUp(call.serial);
  }

  #onData(chunk: Buffer): void {
    this.#heardAt = Date.now();
    this.#keepalive?.heard();
    try {
      for (const packet of this.#frames.push(chunk)) {
        if (this.#closedBy) return;
        this.#router.receive(packet);
      }
    } catch (error) {
      const cause = error instanceof RpcError ? error : protocolError(messageOf(error), { cause: error });
      this.#end(cause.code, cause.message, cause);
    }
  }

  #onEnd(): void {
    const half = this.#frames.pendingBytes > 0 ? " in the middle of a message" : "";
    this.#end("ConnectionClosed", `the server closed the connection${half}`);
  }

  #onDrain(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const go of waiters) go();
  }

  #onKeepalive(number: number): void {
    if (number === ping) this.#sendKeepalive(pong);
    else if (number !== pong) throw protocolError(`keepalive procedure ${number} is not known`);
  }

  #sendKeepalive(number: number): void {
    const { id, version } = programs.keepalive;
    const header: Header = { program: id, version, procedure: number, type: "message", serial: 0, status: "ok" };
    if (!this.#closedBy) this.#duplex.write(encodePacket(header));
  }

  #end(code: RpcError["code"], reason: string, cause?: unknown): void {
    if (this.#closedBy) return;
    const error = new RpcError(code, `${this.target}: ${reason}`, { cause });
    this.#closedBy = error;
    this.#keepalive?.stop();
    this.#duplex.destroy();
    this.#onDrain();
    this.#router.failAll((procedure) => this.#errorFor(procedure, code));
    for (const call of this.#waiting.splice(0)) {
      call.settle({ ok: false, error: this.#errorFor(call.procedure, code) });
    }
    this.#tellClosed(error);
  }

  #errorFor(procedure: Procedure, code: RpcError["code"]): RpcError {
    return new RpcError(code, `${procedure.name}: ${this.#closedBy?.message ?? this.target}`, {
      cause: this.#closedBy,
    });
  }
}

function encodeCall(procedure: Procedure, serial: number, args: unknown): Buffer {
  const writer = new XdrWriter();
  procedure.args?.write(writer, args);
  const payload = writer.finish();
  if (payload.length + prefixBytes > limits.messageBytes) {
    throw new RpcError("EncodeFailed", `${procedure.name}: ${payload.length} bytes are more than one message may hold`);
  }
  const { program, version, number } = procedure;
  return encodePacket({ program, version, procedure: number, type: "call", serial, status: "ok" }, payload);
}
