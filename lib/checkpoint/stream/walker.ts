import { pageBytes } from "../words.ts";
import { Cursor, short } from "./bytes.ts";
import {
  ignoreShared,
  type MemoryBlock,
  ramFlags,
  sections,
  streamMagic,
  streamVersion,
  UnknownStream,
} from "./format.ts";

export interface WalkHandlers {
  /** Once: what came before the memory, and its blocks. */
  onBlocks(head: Uint8Array, blocks: readonly MemoryBlock[]): void;
  /**
   * One page of the block with that index. Its bytes are `bytes[at … at + 4096)`, and are the caller's again when this returns; null: it
   * is all zero. A page may come again: the last one counts. `streamAt`: where its bytes begin in the stream.
   */
  onPage(block: number, page: number, bytes: Uint8Array | null, at: number, streamAt: number): void;
  /** The devices' state in pieces, to be copied and kept in this order. */
  onTail(bytes: Uint8Array): void;
}

const ramName = "ram";
const maxBlocks = 4096;

/** Reads a stream as it comes, in chunks however cut. Throws `UnknownStream`; nothing may be pushed after that. */
export class StreamWalker {
  readonly #handlers: WalkHandlers;
  #state: "magic" | "sections" | "records" | "tail" = "magic";
  #carry: Uint8Array | undefined;
  /** Bytes before the first of `#carry`, or of the next chunk. */
  #streamAt = 0;
  readonly #head: Uint8Array[] = [];
  #ramId: number | undefined;
  #blocks: readonly MemoryBlock[] | undefined;
  #indexOf = new Map<string, number>();
  #block = -1;
  /** Memory that others share with QEMU is announced and not written, and each block comes with its address. */
  #leavesOutShared = false;

  constructor(handlers: WalkHandlers) {
    this.#handlers = handlers;
  }

  push(chunk: Uint8Array): void {
    if (this.#inTail()) {
      this.#handlers.onTail(chunk);
      return;
    }
    const cursor = new Cursor(this.#carry ? Buffer.concat([this.#carry, chunk]) : chunk);
    let begin = 0;
    try {
      while (cursor.left > 0) {
        begin = cursor.at;
        if (this.#state === "records") this.#records(cursor);
        else if (this.#state === "magic") this.#magic(cursor);
        else if (!this.#section(cursor)) break;
      }
      begin = cursor.at;
    } catch (error) {
      if (error !== short) throw error;
      if (this.#state === "records") begin = this.#recordAt;
    }
    const rest = cursor.bytes.subarray(begin);
    this.#streamAt += begin;
    this.#carry = undefined;
    if (rest.length === 0) return;
    if (this.#inTail()) this.#handlers.onTail(rest);
    // Copied: the chunk is the caller's again.
    else this.#carry = Uint8Array.from(rest);
  }

  #inTail(): boolean {
    return this.#state === "tail";
  }

  /** To be called when the stream has ended. Throws where it ended too early to be whole. */
  finish(): void {
    if (this.#state !== "tail") throw new UnknownStream("QEMU's stream ended before the devices' state.");
  }

  #magic(cursor: Cursor): void {
    if (cursor.u32() !== streamMagic) throw new UnknownStream("This is no stream of QEMU's.");
    const version = cursor.u32();
    if (version !== streamVersion) throw new UnknownStream(`QEMU's stream has the version ${version}.`);
    this.#keepHead(cursor, 0);
    this.#state = "sections";
  }

  #keepHead(cursor: Cursor, from: number): void {
    this.#head.push(Uint8Array.from(cursor.bytes.subarray(from, cursor.at)));
  }

  /** False: the devices' state begins here. */
  #section(cursor: Cursor): boolean {
    const from = cursor.at;
    const type = cursor.u8();
    switch (type) {
      case sections.configuration:
        cursor.take(cursor.u32());
        this.#configuration(cursor, from);
        return true;
      case sections.start: {
        const id = cursor.u32();
        const name = cursor.name();
        cursor.u32();
        cursor.u32();
        if (name !== ramName || this.#ramId !== undefined)
          throw new UnknownStream(`QEMU's stream has a section "${name}", which is not understood.`);
        this.#ramId = id;
        return this.#enterRecords(cursor);
      }
      case sections.part:
      case sections.last:
        if (cursor.u32() !== this.#ramId)
          throw new UnknownStream("QEMU's stream goes on with a section that never began.");
        return this.#enterRecords(cursor);
      case sections.footer:
        cursor.u32();
        return true;
      case sections.command: {
        // 1: a way back is open, 2: an answer is asked for. Both mean nothing to somebody who reads it later.
        const command = cursor.u16();
        if (command !== 1 && command !== 2) throw new UnknownStream(`QEMU's stream has the command ${command}.`);
        cursor.take(cursor.u16());
        return true;
      }
      case sections.whole:
      case sections.end:
        if (!this.#blocks) throw new UnknownStream("QEMU's stream has no memory.");
        cursor.at = from;
        this.#state = "tail";
        return false;
      default:
        throw new UnknownStream(`QEMU's stream has a section of type ${type}.`);
    }
  }

  #enterRecords(cursor: Cursor): boolean {
    this.#state = "records";
    this.#recordAt = cursor.at;
    return true;
  }

  /** Where the record begins that is being read. */
  #recordAt = 0;

  #records(cursor: Cursor): void {
    const { bytes } = cursor;
    for (;;) {
      this.#recordAt = cursor.at;
      const high = cursor.u32();
      const low = cursor.u32();
      const flags = low & 0xfff;
      const page = high * 0x10_0000 + (low >>> 12);
      if (flags & ramFlags.endOfPart) {
        this.#state = "sections";
        return;
      }
      if (flags & ramFlags.memSize) {
        this.#readBlocks(cursor, page * pageBytes);
        continue;
      }
      let block = this.#block;
      if ((flags & ramFlags.continues) === 0) {
        const name = cursor.name();
        const index = this.#indexOf.get(name);
        if (index === undefined)
          throw new UnknownStream(`QEMU's stream has pages of "${name}", which it never announced.`);
        block = index;
      }
      const size = this.#blocks?.[block]?.sizeBytes ?? 0;
      if (page * pageBytes >= size) throw new UnknownStream("QEMU's stream has a page outside of its block.");
      const kind = flags & ~ramFlags.continues;
      if (kind === ramFlags.page) {
        cursor.need(pageBytes);
        this.#handlers.onPage(block, page, bytes, cursor.at, this.#streamAt + cursor.at);
        cursor.at += pageBytes;
      } else if (kind === ramFlags.zero) {
        if (cursor.u8() !== 0)
          throw new UnknownStream("QEMU's stream has a page filled with something else than zero.");
        this.#handlers.onPage(block, page, null, 0, 0);
      } else throw new UnknownStream(`QEMU's stream has a page with the flags 0x${flags.toString(16)}.`);
      this.#block = block;
    }
  }

  #readBlocks(cursor: Cursor, totalBytes: number): void {
    const blocks: MemoryBlock[] = [];
    for (let left = totalBytes; left > 0; ) {
      const name = cursor.name();
      const sizeBytes = cursor.u64();
      if (this.#leavesOutShared) cursor.u64(); // where the guest sees it
      if (sizeBytes === 0 || sizeBytes > left || sizeBytes % pageBytes !== 0 || blocks.length === maxBlocks)
        throw new UnknownStream(`QEMU's stream has a memory block "${name}" of ${sizeBytes} bytes.`);
      blocks.push({ name, sizeBytes });
      left -= sizeBytes;
    }
    if (this.#blocks) throw new UnknownStream("QEMU's stream lists its memory twice.");
    this.#blocks = blocks;
    this.#indexOf = new Map(blocks.map(({ name }, index) => [name, index]));
    this.#handlers.onBlocks(Buffer.concat(this.#head), blocks);
  }

  /**
   * Subsections of the configuration have no length of their own: the three that QEMU knows are read by their fields. That of capabilities
   * says how this stream was written, and is not kept: what is made of it again is an ordinary one.
   */
  #configuration(cursor: Cursor, begin: number): void {
    const kept = [Uint8Array.from(cursor.bytes.subarray(begin, cursor.at))];
    for (;;) {
      cursor.need(1);
      if (cursor.bytes[cursor.at] !== sections.subsection) break;
      const from = cursor.at;
      cursor.u8();
      const name = cursor.name();
      cursor.u32();
      if (name === "configuration/capabilities") {
        for (let left = cursor.u32(); left > 0; left--)
          if (cursor.name() === ignoreShared) this.#leavesOutShared = true;
        continue;
      }
      if (name === "configuration/target-page-bits") cursor.take(4);
      else if (name === "configuration/uuid") cursor.take(16);
      else throw new UnknownStream(`QEMU's stream has a part "${name}" that is not understood.`);
      kept.push(Uint8Array.from(cursor.bytes.subarray(from, cursor.at)));
    }
    this.#head.push(...kept);
  }
}
