import type { Duplex } from "node:stream";
import { FrameReader } from "../framing/framing.ts";
import { encodePacket, type Header, type Packet } from "../framing/header.ts";
import type { Messages } from "../protocol/generated/types.ts";
import {
  codecOf,
  type MessageName,
  type Procedure,
  procedure,
  procedureByNumber,
  programs,
} from "../protocol/table.ts";
import type { Codec } from "../xdr/codec.ts";
import { XdrReader } from "../xdr/reader.ts";
import { XdrWriter } from "../xdr/writer.ts";

/** A libvirt error for a handler to throw. */
export class FakeLibvirtError extends Error {
  readonly code: number;
  readonly domain: number;

  constructor(code: number, message: string, domain = 10) {
    super(message);
    this.name = "FakeLibvirtError";
    this.code = code;
    this.domain = domain;
  }
}

/** What a handler returns to leave its call without an answer. */
export const noReply = Symbol("no reply");

/** Answers one call; `header` carries the serial, under which a stream's packets go. */
export type FakeHandler = (args: unknown, client: FakeClient, header: Header) => unknown;

export interface FakeClientHooks {
  handlerOf(name: string): FakeHandler | undefined;
  onPacket(client: FakeClient, packet: Packet): void;
  onClose(client: FakeClient): void;
}

const ping = 1;
const pong = 2;

/** One client of the fake server, as the server sees it. */
export class FakeClient {
  /** Serials and procedures as they came. */
  readonly calls: { readonly name: string; readonly args: unknown; readonly serial: number }[] = [];
  /** Stream packets as they came. */
  readonly streamPackets: Packet[] = [];
  pings = 0;
  pongs = 0;
  /** Whether pings are answered. */
  answersPings = true;
  /** Whether the client has ended its side. */
  ended = false;
  readonly #duplex: Duplex;
  readonly #hooks: FakeClientHooks;
  readonly #frames = new FrameReader();

  constructor(duplex: Duplex, hooks: FakeClientHooks) {
    this.#duplex = duplex;
    this.#hooks = hooks;
    duplex.on("data", (chunk: Buffer) => {
      for (const packet of this.#frames.push(chunk)) this.#receive(packet);
    });
    duplex.on("end", () => {
      this.ended = true;
      duplex.end();
    });
    duplex.on("error", () => undefined);
    duplex.on("close", () => hooks.onClose(this));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#duplex.write(bytes);
  }

  sendPacket(header: Header, payload?: Uint8Array): void {
    this.sendBytes(encodePacket(header, payload));
  }

  reply(to: Procedure, serial: number, value: unknown): void {
    this.sendPacket(headerOf(to, serial, "ok"), encode(to.ret, value));
  }

  replyError(to: Procedure, serial: number, error: FakeLibvirtError): void {
    this.sendPacket(headerOf(to, serial, "error"), encodeError(error));
  }

  sendEvent<M extends MessageName>(name: M, message: Messages[M]): void {
    const of = procedure(name);
    this.sendPacket({ ...headerOf(of, 0, "ok"), type: "message" }, encode(of.event, message));
  }

  /** `error`: fails the stream with it. An empty `data` is the end of data, `undefined` the confirmation of the end. */
  sendStream(header: Header, data: Uint8Array | undefined, error?: FakeLibvirtError): void {
    const status = error ? "error" : data ? "continue" : "ok";
    this.sendPacket({ ...header, type: "stream", status }, error ? encodeError(error) : data);
  }

  sendHole(header: Header, lengthBytes: bigint): void {
    const payload = encode(codecOf("virNetStreamHole"), { length: lengthBytes, flags: 0 });
    this.sendPacket({ ...header, type: "hole", status: "continue" }, payload);
  }

  sendPing(): void {
    this.#sendKeepalive(ping);
  }

  pauseReading(): void {
    this.#duplex.pause();
  }

  resumeReading(): void {
    this.#duplex.resume();
  }

  /** Ends only the server's side of the stream. */
  endSide(): void {
    this.#duplex.end();
  }

  destroy(): void {
    this.#duplex.destroy();
  }

  #receive(packet: Packet): void {
    const { header, payload } = packet;
    this.#hooks.onPacket(this, packet);
    if (header.program === programs.keepalive.id) {
      if (header.procedure === ping) {
        this.pings += 1;
        if (this.answersPings) this.#sendKeepalive(pong);
      } else this.pongs += 1;
      return;
    }
    if (header.type !== "call") {
      this.streamPackets.push(packet);
      return;
    }
    void this.#answer(header, payload);
  }

  async #answer(header: Header, payload: Buffer): Promise<void> {
    const called = procedureByNumber(header.program, header.procedure);
    if (!called) throw new Error(`fake server: no procedure ${header.procedure}`);
    const args = called.args?.read(new XdrReader(payload));
    this.calls.push({ name: called.name, args, serial: header.serial });
    try {
      const handler = this.#hooks.handlerOf(called.name);
      if (!handler) throw new FakeLibvirtError(3, `this fake server has no ${called.name}`);
      const value = await handler(args, this, header);
      if (value !== noReply) this.reply(called, header.serial, value);
    } catch (error) {
      const wire = error instanceof FakeLibvirtError ? error : new FakeLibvirtError(1, String(error));
      this.replyError(called, header.serial, wire);
    }
  }

  #sendKeepalive(number: number): void {
    const { id, version } = programs.keepalive;
    this.sendPacket({ program: id, version, procedure: number, type: "message", serial: 0, status: "ok" });
  }
}

function headerOf(of: Procedure, serial: number, status: Header["status"]): Header {
  return { program: of.program, version: of.version, procedure: of.number, type: "reply", serial, status };
}

function encode(codec: Codec | undefined, value: unknown): Buffer {
  const writer = new XdrWriter();
  codec?.write(writer, value);
  return writer.finish();
}

function encodeError(error: FakeLibvirtError): Buffer {
  return encode(codecOf("remote_error"), {
    code: error.code,
    domain: error.domain,
    message: error.message,
    level: 2,
    dom: null,
    str1: error.message,
    str2: null,
    str3: null,
    int1: -1,
    int2: -1,
    net: null,
  });
}
