/**
 * How packets lie in the byte stream; every word is big endian.
 *
 *   u32 length        of the whole packet, these four bytes included; 28 … 33,554,432
 *   u32 program       remote 0x20008086, qemu 0x20008087, keepalive 0x6b656570
 *   u32 version       1
 *   i32 procedure
 *   i32 type          0 call, 1 reply, 2 message (event, ping), 3 stream, 4/5 with file descriptors, 6 hole in a stream
 *   u32 serial
 *   i32 status        0 ok, 1 error, 2 continue (stream data)
 *   … payload         XDR, or a stream's raw bytes
 */
import { protocolError } from "../errors.ts";
import { limits } from "../protocol/table.ts";
import { decodePacket, type Packet, prefixBytes } from "./header.ts";

/** Room made at once for a frame whose end has not come; more only as the bytes really arrive. */
const firstRoomBytes = 512 * 1024;

/** Cuts received chunks, however they were split or joined on the way, into packets. A chunk of whole frames is not copied. */
export class FrameReader {
  /** The beginning of a frame whose rest has not come: `#have` bytes of it, in a buffer with room for more. */
  #partial: Buffer | undefined;
  #have = 0;

  /** The packets that this chunk completes. Throws RpcError `ProtocolError`; the reader is then of no further use. */
  *push(chunk: Buffer): Generator<Packet, void> {
    let bytes = this.#partial ? this.#append(this.#partial, chunk) : chunk;
    let length = frameLength(bytes);
    if (length === undefined || bytes.length < length) {
      if (!this.#partial && bytes.length > 0) this.#keep(bytes, length);
      return;
    }
    this.#partial = undefined;
    this.#have = 0;
    while (length !== undefined && bytes.length >= length) {
      const frame = bytes.subarray(0, length);
      bytes = bytes.subarray(length);
      yield decodePacket(frame);
      length = frameLength(bytes);
    }
    if (bytes.length > 0) this.#keep(bytes, length);
  }

  /** Bytes of an unfinished frame. Not zero when the peer closes means that it closed in the middle of a message. */
  get pendingBytes(): number {
    return this.#have;
  }

  #keep(bytes: Buffer, length: number | undefined): void {
    const room = Math.max(bytes.length, Math.min(length ?? prefixBytes, firstRoomBytes));
    this.#partial = Buffer.allocUnsafeSlow(room);
    this.#partial.set(bytes, 0);
    this.#have = bytes.length;
  }

  /** Doubling keeps the copying linear, also for a peer that sends single bytes. */
  #append(partial: Buffer, chunk: Buffer): Buffer {
    const total = this.#have + chunk.length;
    let room = partial;
    if (total > partial.length) {
      room = Buffer.allocUnsafeSlow(Math.max(total, partial.length * 2));
      partial.copy(room, 0, 0, this.#have);
      this.#partial = room;
    }
    room.set(chunk, this.#have);
    this.#have = total;
    return room.subarray(0, total);
  }
}

function frameLength(bytes: Buffer): number | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readUInt32BE(0);
  if (length < prefixBytes) throw protocolError(`a message of ${length} bytes is shorter than its header`);
  if (length > limits.messageBytes) {
    throw protocolError(`a message of ${length} bytes is longer than the ${limits.messageBytes} allowed`);
  }
  return length;
}
