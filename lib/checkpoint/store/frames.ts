import { type PageBatch, pageBytes } from "../words.ts";

/**
 * The wire between the store's process and its clients, over a unix socket. Little endian.
 *
 *   frame    u32 length of what follows   u8 kind   u32 call   payload
 *
 * A call begins with `ask` and ends with `answer`, `failed`, or (a read) `done`. Pages go one way in a call, as many batches as the
 * other side gave credit for. A frame that breaks these words ends the connection, and with it every call on it.
 */
export const kinds = {
  ask: 1,
  /** A put's facts, volume or end, as JSON. */
  frame: 2,
  /** A batch of pages: of a put to the store, of a read from it. */
  pages: 3,
  /** JSON {name, message}. Of a put to the store: its source failed. Of a read to the store: nobody wants more of it. */
  failed: 4,
  /** u32: so many more frames may come in this call. */
  credit: 5,
  answer: 6,
  done: 7,
  /** Asks for an `answer`, so that a store that hangs is noticed. */
  ping: 8,
} as const;
export type Kind = (typeof kinds)[keyof typeof kinds];

export interface Frame {
  readonly kind: number;
  readonly call: number;
  readonly payload: Buffer;
}

export const mostFrameBytes = 64 * 1024 * 1024;
export const mostBatchPages = 256;
export const putWindow = 8;
export const readWindow = 4;
export const mostCalls = 256;
const headBytes = 9;

/** The other side broke the words above. */
export class BadFrame extends Error {
  override readonly name = "BadFrame";
}

export function encodeFrame(kind: Kind, call: number, ...payload: readonly Uint8Array[]): Uint8Array[] {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(
    payload.reduce((sum, part) => sum + part.byteLength, 5),
    0,
  );
  head.writeUInt8(kind, 4);
  head.writeUInt32LE(call, 5);
  return [head, ...payload];
}

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** Bytes as they come in, frames as they become whole. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private bytes = 0;
  private needed = 4;

  *push(chunk: Buffer): Generator<Frame, void, undefined> {
    this.chunks.push(chunk);
    this.bytes += chunk.byteLength;
    while (this.bytes >= this.needed) {
      const all = this.chunks.length === 1 ? (this.chunks[0] ?? chunk) : Buffer.concat(this.chunks);
      const length = all.readUInt32LE(0);
      if (length < 5 || length > mostFrameBytes) throw new BadFrame(`A frame of ${length} bytes.`);
      this.chunks = [all];
      this.needed = 4 + length;
      if (this.bytes < this.needed) return;
      this.chunks = this.bytes > this.needed ? [all.subarray(this.needed)] : [];
      this.bytes -= this.needed;
      yield {
        kind: all.readUInt8(4),
        call: all.readUInt32LE(5),
        payload: all.subarray(headBytes, this.needed),
      };
      this.needed = 4;
    }
  }
}

/** u16 length of the name, the name, u32 count, count × u32 numbers, count × u8 zero, the pages. */
export function encodeBatch({ volume, numbers, zero, data }: PageBatch): Uint8Array[] {
  const name = Buffer.from(volume);
  const head = Buffer.alloc(2 + name.byteLength + 4);
  head.writeUInt16LE(name.byteLength, 0);
  name.copy(head, 2);
  head.writeUInt32LE(numbers.length, 2 + name.byteLength);
  const listed = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) listed.writeUInt32LE(number, index * 4);
  return [head, listed, zero, data];
}

export function decodeBatch(bytes: Buffer): PageBatch {
  try {
    const nameBytes = bytes.readUInt16LE(0);
    const volume = bytes.toString("utf8", 2, 2 + nameBytes);
    const count = bytes.readUInt32LE(2 + nameBytes);
    const at = 6 + nameBytes;
    if (count > mostBatchPages) throw new BadFrame(`A batch of ${count} pages.`);
    const numbers = new Uint32Array(count);
    for (let index = 0; index < count; index++) numbers[index] = bytes.readUInt32LE(at + index * 4);
    const zero = bytes.subarray(at + count * 4, at + count * 5);
    if (zero.byteLength < count) throw new BadFrame("A batch that is cut short.");
    return { volume, numbers, zero, data: bytes.subarray(at + count * 5) };
  } catch (cause) {
    throw cause instanceof BadFrame ? cause : new BadFrame("A batch that is cut short.", { cause });
  }
}

/** The same pages in batches that fit. */
export function* smaller(batch: PageBatch): Generator<PageBatch, void, undefined> {
  if (batch.numbers.length <= mostBatchPages) return yield batch;
  let at = 0;
  for (let start = 0; start < batch.numbers.length; start += mostBatchPages) {
    const numbers = batch.numbers.subarray(start, start + mostBatchPages);
    const zero = batch.zero.subarray(start, start + mostBatchPages);
    const bytes = zero.reduce((sum, one) => sum + (one ? 0 : pageBytes), 0);
    yield { volume: batch.volume, numbers, zero, data: batch.data.subarray(at, at + bytes) };
    at += bytes;
  }
}
