import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";

/**
 * MariaDB's client protocol, as much of it as a replica speaks (mariadb.com/kb: "Clientserver protocol", "Replication protocol").
 *
 * packet := length[3, little endian] sequence[1] payload
 */
const mostPayload = 0xff_ff_ff;

export class ProtocolError extends Error {
  readonly number: number | undefined;
  constructor(message: string, number?: number) {
    super(message);
    this.name = "ProtocolError";
    this.number = number;
  }
}

/** Whole packets out of a byte stream, one after the other; payloads that were split are put together. */
export class PacketReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest = Buffer.alloc(0);
  sequence = 0;
  constructor(stream: Duplex) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Whether a whole packet is here already. */
  get ready(): boolean {
    return this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readUIntLE(0, 3);
  }

  async next(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const head = await this.#take(4);
      const length = head.readUIntLE(0, 3);
      this.sequence = head.readUInt8(3);
      parts.push(await this.#take(length));
      if (length < mostPayload) return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    }
  }

  async #take(bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [this.#rest];
    let have = this.#rest.length;
    while (have < bytes) {
      const { done, value } = await this.#chunks.next();
      if (done) throw new ProtocolError("the connection has ended");
      pieces.push(value);
      have += value.length;
    }
    const all = pieces.length === 1 ? this.#rest : Buffer.concat(pieces);
    this.#rest = all.subarray(bytes);
    return all.subarray(0, bytes);
  }
}

export function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence & 0xff, 3);
  return Buffer.concat([head, payload]);
}

/** `ERR := 0xff number[2] "#" state[5] words` */
export function refuseError(payload: Buffer): Buffer {
  if (payload[0] !== 0xff) return payload;
  const words = payload.toString("utf8", payload[3] === 0x23 ? 9 : 3);
  throw new ProtocolError(words, payload.readUInt16LE(1));
}

/** CLIENT_LONG_PASSWORD, LONG_FLAG, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, MULTI_RESULTS, PLUGIN_AUTH */
const capabilities = 0x1 | 0x4 | 0x200 | 0x2000 | 0x8000 | 0x20000 | 0x80000;

/** `greeting := 10 version NUL thread[4] scramble[8] 0 caps[2] charset[1] status[2] caps[2] length[1] reserved[10] scramble NUL plugin NUL` */
export function scrambleOf(greeting: Buffer): Buffer {
  refuseError(greeting);
  const after = greeting.indexOf(0, 1) + 1 + 4;
  const first = greeting.subarray(after, after + 8);
  const length = greeting.readUInt8(after + 8 + 1 + 2 + 1 + 2 + 2);
  const second = after + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10;
  return Buffer.concat([first, greeting.subarray(second, second + Math.max(12, length - 9))]);
}

const sha1 = (...parts: readonly Buffer[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha1")).digest();

/** mysql_native_password: SHA1(password) XOR SHA1(scramble, SHA1(SHA1(password))) */
export function nativeAnswer(password: string, scramble: Buffer): Buffer {
  const once = sha1(Buffer.from(password));
  const mask = sha1(scramble, sha1(once));
  return Buffer.from(once.map((byte, at) => byte ^ (mask[at] ?? 0)));
}

export function loginPayload(user: string, password: string, scramble: Buffer): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(capabilities, 0);
  head.writeUInt32LE(mostPayload, 4);
  // utf8mb4_general_ci
  head.writeUInt8(45, 8);
  const answer = nativeAnswer(password, scramble);
  return Buffer.concat([
    head,
    Buffer.from(`${user}\0`),
    Buffer.from([answer.length]),
    answer,
    Buffer.from("mysql_native_password\0"),
  ]);
}
