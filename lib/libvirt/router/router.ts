/**
 * From a packet to the one who waits for it: replies by serial, stream packets by serial, events by procedure. Knows no socket
 * and no clock. What the protocol does not allow is thrown as RpcError `ProtocolError`; the session then closes.
 */
import { protocolError } from "../errors.ts";
import type { Header, Packet } from "../framing/header.ts";
import { LibvirtError } from "../libvirt-error.ts";
import type { Error as WireError } from "../protocol/generated/types.ts";
import { codecOf, type MessageName, type Procedure, procedureByNumber, programs } from "../protocol/table.ts";
import { XdrReader } from "../xdr/reader.ts";
import { RecentSerials } from "./recent-serials.ts";

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Error };

export interface PendingCall {
  readonly procedure: Procedure;
  /** Called once, in the middle of receiving: must not throw. */
  settle(outcome: Outcome): void;
}

export type StreamPacket =
  | { readonly kind: "data"; readonly bytes: Buffer }
  | { readonly kind: "hole"; readonly lengthBytes: bigint }
  | { readonly kind: "finished" }
  | { readonly kind: "failed"; readonly error: Error };

export interface StreamSink {
  readonly procedure: Procedure;
  /** Must not throw. */
  receive(packet: StreamPacket): void;
}

export interface RouterHooks {
  keepalive(number: number): void;
  event(name: MessageName, value: unknown): void;
}

const remembered = 4096;
const programIds = Object.values(programs);
const errorCodec = codecOf("remote_error");
const holeCodec = codecOf("virNetStreamHole");

export class Router {
  readonly calls = new Map<number, PendingCall>();
  readonly streams = new Map<number, StreamSink>();
  readonly #givenUp = new RecentSerials(remembered);
  readonly #hooks: RouterHooks;

  constructor(hooks: RouterHooks) {
    this.#hooks = hooks;
  }

  /** Nobody waits for this serial any more; what still comes for it is dropped. */
  giveUp(serial: number): void {
    const known = this.calls.delete(serial);
    if (this.streams.delete(serial) || known) this.#givenUp.add(serial);
  }

  /** Ends every call and stream. The session's error is told to each under the name of its procedure. */
  failAll(errorFor: (procedure: Procedure) => Error): void {
    const calls = [...this.calls.values()];
    const streams = [...this.streams.values()];
    this.calls.clear();
    this.streams.clear();
    for (const call of calls) call.settle({ ok: false, error: errorFor(call.procedure) });
    for (const stream of streams) stream.receive({ kind: "failed", error: errorFor(stream.procedure) });
  }

  receive(packet: Packet): void {
    const { header } = packet;
    const program = programIds.find(({ id }) => id === header.program);
    if (!program) throw protocolError(`a message of the unknown program 0x${header.program.toString(16)}`);
    if (program.version !== header.version) throw protocolError(`a message of the unknown version ${header.version}`);
    switch (header.type) {
      case "reply":
        this.#reply(packet);
        break;
      case "message":
        this.#message(packet);
        break;
      case "stream":
      case "hole":
        this.#stream(packet);
        break;
      default:
        throw protocolError(`a message of type ${header.type} from the server`);
    }
  }

  #reply({ header, payload }: Packet): void {
    const call = this.calls.get(header.serial);
    if (!call) {
      if (this.#givenUp.delete(header.serial)) return;
      throw protocolError(`an answer with the serial ${header.serial}, which was never asked`);
    }
    // Decoded before the call is taken out: an answer that cannot be read fails this call with all others.
    const outcome = this.#outcome(call.procedure, header, payload);
    this.calls.delete(header.serial);
    call.settle(outcome);
  }

  #outcome(procedure: Procedure, header: Header, payload: Buffer): Outcome {
    checkProcedure(procedure, header);
    if (header.status === "error") return { ok: false, error: readError(procedure, payload) };
    if (header.status === "continue") throw protocolError(`${procedure.name}: an answer with the status continue`);
    return { ok: true, value: readValue(procedure.name, procedure.ret, payload) };
  }

  #message({ header, payload }: Packet): void {
    if (header.program === programs.keepalive.id) {
      this.#hooks.keepalive(header.procedure);
      return;
    }
    const procedure = procedureByNumber(header.program, header.procedure);
    if (!procedure?.event) throw protocolError(`an event of the unknown procedure ${header.procedure}`);
    // The table's rows with an event are the keys of `Messages`.
    this.#hooks.event(procedure.name as MessageName, readValue(procedure.name, procedure.event, payload));
  }

  #stream({ header, payload }: Packet): void {
    const stream = this.streams.get(header.serial);
    if (!stream) {
      if (this.#givenUp.has(header.serial)) return;
      throw protocolError(`a stream packet with the serial ${header.serial}, which is no open stream`);
    }
    checkProcedure(stream.procedure, header);
    if (header.type === "hole") {
      const hole = readValue("stream hole", holeCodec, payload) as { length: bigint };
      if (hole.length < 0n) throw protocolError(`a stream hole of ${hole.length} bytes`);
      stream.receive({ kind: "hole", lengthBytes: hole.length });
      return;
    }
    if (header.status === "continue") {
      stream.receive({ kind: "data", bytes: payload });
      return;
    }
    this.streams.delete(header.serial);
    if (header.status === "ok") stream.receive({ kind: "finished" });
    else stream.receive({ kind: "failed", error: readError(stream.procedure, payload) });
  }
}

function checkProcedure(procedure: Procedure, header: Header): void {
  if (procedure.number === header.procedure && procedure.program === header.program) return;
  throw protocolError(`the answer to ${procedure.name} names the procedure ${header.procedure}`);
}

function readValue(what: string, codec: Procedure["ret"], payload: Buffer): unknown {
  const reader = new XdrReader(payload);
  const value = codec?.read(reader);
  reader.end(what);
  return value;
}

function readError(procedure: Procedure, payload: Buffer): LibvirtError {
  // The codec of remote_error makes exactly this type; both come from the one table.
  return new LibvirtError(procedure.name, readValue(procedure.name, errorCodec, payload) as WireError);
}
