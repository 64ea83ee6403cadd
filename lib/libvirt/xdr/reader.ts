import { protocolError } from "../errors.ts";

/**
 * Reads XDR (RFC 4506) from one message's payload. Every step checks what is left first, so that no bytes of a peer can make it
 * read past the end or reserve memory that the message does not hold.
 */
export class XdrReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** Moves past `length` bytes and gives where they began. */
  #take(length: number, what: string): number {
    if (length > this.remaining) {
      throw protocolError(`${what}: ${length} bytes expected, ${this.remaining} left in the message`);
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }

  int(what: string): number {
    return this.#bytes.readInt32BE(this.#take(4, what));
  }

  uint(what: string): number {
    return this.#bytes.readUInt32BE(this.#take(4, what));
  }

  hyper(what: string): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8, what));
  }

  uhyper(what: string): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8, what));
  }

  double(what: string): number {
    return this.#bytes.readDoubleBE(this.#take(8, what));
  }

  /** `length` bytes and their padding to a multiple of four, as a view into the message. */
  padded(length: number, what: string): Buffer {
    const start = this.#take(length, what);
    const padding = -length & 3;
    const end = this.#take(padding, what);
    for (let at = end; at < end + padding; at++) {
      if (this.#bytes[at] !== 0) throw protocolError(`${what}: padding is not zero`);
    }
    return this.#bytes.subarray(start, start + length);
  }

  /** A message must be used up: bytes left over mean that we and the peer read different types. */
  end(what: string): void {
    if (this.remaining > 0) throw protocolError(`${what}: ${this.remaining} bytes too many`);
  }
}
