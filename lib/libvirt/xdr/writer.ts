/** Writes XDR (RFC 4506) into a buffer that grows. Values are checked by the codec before they come here. */
export class XdrWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(sizeBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes);
  }

  /** Makes room for `length` bytes and gives where they begin. Call it before touching `#bytes`, which it may replace. */
  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    return start;
  }

  int(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeInt32BE(value, at);
  }

  uint(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32BE(value, at);
  }

  hyper(value: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64BE(value, at);
  }

  uhyper(value: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64BE(value, at);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  /** Raw bytes, zero-padded to a multiple of four. */
  padded(value: Uint8Array): void {
    const start = this.#reserve(value.length + (-value.length & 3));
    this.#bytes.set(value, start);
    this.#bytes.fill(0, start + value.length, this.#length);
  }

  /** UTF-8 text of a known length in bytes, zero-padded to a multiple of four. */
  text(value: string, byteLength: number): void {
    const start = this.#reserve(byteLength + (-byteLength & 3));
    this.#bytes.write(value, start, byteLength, "utf8");
    this.#bytes.fill(0, start + byteLength, this.#length);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}
