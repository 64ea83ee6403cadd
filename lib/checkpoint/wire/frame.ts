/**
 * Frames between the agent on a host and the engine, over one byte stream (the channel of an SSH command):
 * `u32 length of the payload, little-endian | u8 type | payload`. Type 1: one JSON object. Type 2: pages (pages.ts).
 * A frame that breaks these rules ends the connection: who speaks differently is another version.
 */
export const frameTypes = { json: 1, pages: 2 } as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

export const maxJsonBytes = 4 * 1024 * 1024;
export const maxPagesBytes = 8 * 1024 * 1024;
const headerBytes = 5;

export class BrokenFrame extends Error {
  override readonly name = "BrokenFrame";
}

export interface RawFrame {
  readonly type: FrameType;
  readonly payload: Uint8Array;
}

const isType = (type: number): type is FrameType => type === frameTypes.json || type === frameTypes.pages;
const mostOf = (type: FrameType) => (type === frameTypes.json ? maxJsonBytes : maxPagesBytes);

/** The header of a frame whose payload has that many bytes. */
export function frameHeader(type: FrameType, payloadBytes: number): Buffer {
  if (payloadBytes > mostOf(type)) throw new BrokenFrame(`A frame of ${payloadBytes} bytes is too large to be sent.`);
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(payloadBytes, 0);
  header[4] = type;
  return header;
}

/** Cuts a byte stream into frames, however it arrives. Copies only what lies across two chunks. */
export class FrameReader {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #needed = headerBytes;
  #type: FrameType | undefined;

  /** Throws `BrokenFrame`; nothing may be pushed after that. */
  push(chunk: Uint8Array): RawFrame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: RawFrame[] = [];
    while (this.#bytes >= this.#needed) {
      const taken = this.#take(this.#needed);
      if (this.#type !== undefined) {
        frames.push({ type: this.#type, payload: taken });
        this.#type = undefined;
        this.#needed = headerBytes;
        continue;
      }
      const type = taken[4] ?? 0;
      if (!isType(type)) throw new BrokenFrame(`There is no type ${type} of frames.`);
      const length = new DataView(taken.buffer, taken.byteOffset).getUint32(0, true);
      if (length > mostOf(type)) throw new BrokenFrame(`A frame announces ${length} bytes, which is too many.`);
      this.#type = type;
      this.#needed = length;
    }
    return frames;
  }

  #take(bytes: number): Uint8Array {
    this.#bytes -= bytes;
    const first = this.#chunks[0];
    if (first && first.length >= bytes) {
      if (first.length === bytes) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(bytes);
      return first.subarray(0, bytes);
    }
    const whole = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    let used = 0;
    for (const chunk of this.#chunks) {
      if (at === bytes) break;
      const part = chunk.subarray(0, bytes - at);
      whole.set(part, at);
      at += part.length;
      if (part.length === chunk.length) used += 1;
      else this.#chunks[used] = chunk.subarray(part.length);
    }
    this.#chunks.splice(0, used);
    return whole;
  }
}
