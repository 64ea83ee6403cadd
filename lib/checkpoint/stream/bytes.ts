/** Big-endian reading over a buffer that may end in the middle of a record. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The following throw `Short` where the bytes end before: the record is read again when more have come. */
  need(count: number): void {
    if (this.left < count) throw short;
  }
  u8(): number {
    this.need(1);
    return this.#view.getUint8(this.at++);
  }
  u16(): number {
    this.need(2);
    this.at += 2;
    return this.#view.getUint16(this.at - 2);
  }
  u32(): number {
    this.need(4);
    this.at += 4;
    return this.#view.getUint32(this.at - 4);
  }
  /** Exact up to 2^53: no guest has more memory. */
  u64(): number {
    this.need(8);
    this.at += 8;
    return this.#view.getUint32(this.at - 8) * 0x1_0000_0000 + this.#view.getUint32(this.at - 4);
  }
  take(count: number): Uint8Array {
    this.need(count);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  /** A text with its length in one byte before it. */
  name(): string {
    return Buffer.from(this.take(this.u8())).toString("latin1");
  }
}

class Short extends Error {}
/** Made once: it is thrown at the end of nearly every chunk. */
export const short = new Short("the record goes on in the next chunk");
