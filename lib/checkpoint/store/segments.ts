import { open, stat } from "node:fs/promises";
import path from "node:path";
import { DamagedData, pageBytes } from "../words.ts";
import type { Domain, Keyring } from "./domain.ts";
import {
  isAbsent,
  isDiskFault,
  namesWithoutTemporaries,
  readAt,
  syncDirectory,
  syncFile,
  unlinkIfThere,
  writeNew,
  writeWhole,
} from "./files.ts";
import { Lru } from "./lru.ts";
import type { Marks } from "./marks.ts";
import type { Room } from "./room.ts";
import {
  blockOf,
  decodeBlock,
  decodeHeader,
  encodeSegment,
  hashBytes,
  mostHeaderBytes,
  offsetInBlock,
  type SegmentHeader,
  sha256,
} from "./segment-format.ts";

/** Pages of one segment cannot be read. `slots`: which; undefined: none can. */
export class SegmentDamaged extends DamagedData {
  readonly segment: number;
  readonly slots: readonly number[] | undefined;
  constructor(segment: number, slots: readonly number[] | undefined, words: string) {
    super(words);
    this.segment = segment;
    this.slots = slots;
  }
}

export interface SegmentInfo {
  readonly directory: number;
  bytes: number;
  /** How many pages it has; undefined: its header was not read yet. */
  pages: number | undefined;
  /** Whether it is on disk, and not only written. */
  synced: boolean;
  /** The put that wrote it, until that one ended. */
  owner: object | undefined;
  /** Whether another put refers to it, so that it stays when its owner fails. */
  adopted: boolean;
  /** Slots whose pages are about to be, or are, taken out: not to be referred to any more. */
  retired: Marks | undefined;
}

const fileName = (number: number) => `${number.toString(16).padStart(8, "0")}.seg`;
const pattern = /^([0-9a-f]{8})\.seg$/;

/** The files of segments, what is known of each, and their pages. */
export class Segments {
  readonly known = new Map<number, SegmentInfo>();
  private readonly headers = new Lru<number, SegmentHeader>(16 * 1024 * 1024);
  private readonly loading = new Map<number, Promise<SegmentHeader>>();
  private readonly blocks = new Lru<string, Promise<Buffer>>(64 * 1024 * 1024);
  private readonly directories: readonly string[];
  private readonly room: Room;
  private readonly keyring: Keyring;

  private constructor(directories: readonly string[], room: Room, keyring: Keyring) {
    this.directories = directories;
    this.room = room;
    this.keyring = keyring;
  }

  static async open(directories: readonly string[], room: Room, keyring: Keyring): Promise<Segments> {
    const segments = new Segments(directories, room, keyring);
    for (const [directory, where] of directories.entries()) {
      for (const name of await namesWithoutTemporaries(where)) {
        const number = Number.parseInt(pattern.exec(name)?.[1] ?? "", 16);
        if (Number.isNaN(number)) continue;
        const { size } = await stat(path.join(where, name));
        segments.register(number, { directory, bytes: size, synced: true, owner: undefined, pages: undefined });
        room.count(size);
      }
    }
    return segments;
  }

  private register(number: number, info: Omit<SegmentInfo, "adopted" | "retired">): void {
    this.known.set(number, { ...info, adopted: false, retired: undefined });
  }

  private file(number: number, directory: number): string {
    return path.join(this.directories[directory] ?? "", fileName(number));
  }

  cachedHeader(number: number): SegmentHeader | undefined {
    return this.headers.get(number);
  }

  /** `SegmentDamaged` where it is missing, cut short or changed; `KeyMissing`. */
  async header(number: number): Promise<SegmentHeader> {
    const cached = this.headers.get(number);
    if (cached) return cached;
    let loading = this.loading.get(number);
    if (!loading) {
      loading = this.readHeader(number).finally(() => this.loading.delete(number));
      this.loading.set(number, loading);
    }
    return loading;
  }

  private async readHeader(number: number): Promise<SegmentHeader> {
    const info = this.known.get(number);
    if (!info) throw new SegmentDamaged(number, undefined, `Segment ${number} is missing.`);
    try {
      const handle = await open(this.file(number, info.directory), "r");
      try {
        const header = await decodeHeader(number, await readAt(handle, 0, mostHeaderBytes), (tag) =>
          this.keyring.byTag(tag),
        );
        const { size } = await handle.stat();
        if (size !== header.fileBytes) throw new DamagedData(`Segment ${number} is cut short.`);
        info.pages = header.ranks.reduce((pages, rank) => pages + (rank < 0 ? 0 : 1), 0);
        this.headers.set(number, header, header.slots * hashBytes + 512);
        return header;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isAbsent(error)) throw new SegmentDamaged(number, undefined, `Segment ${number} is missing.`);
      if (error instanceof DamagedData || isDiskFault(error))
        throw new SegmentDamaged(number, undefined, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  private block(header: SegmentHeader, index: number): Promise<Buffer> {
    const name = `${header.id}/${index}`;
    const cached = this.blocks.get(name);
    if (cached) return cached;
    const reading = this.readBlock(header, index);
    this.blocks.set(name, reading, (header.blocks[index]?.pages ?? 1) * pageBytes);
    reading.catch(() => this.blocks.delete(name));
    return reading;
  }

  private async readBlock(header: SegmentHeader, index: number): Promise<Buffer> {
    const info = this.known.get(header.number);
    const block = header.blocks[index];
    if (!info || !block) throw new DamagedData(`Segment ${header.number} is missing.`);
    const handle = await open(this.file(header.number, info.directory), "r");
    try {
      return await decodeBlock(header, index, await readAt(handle, block.offset, block.length));
    } finally {
      await handle.close();
    }
  }

  /**
   * The pages of these slots, each from a block that had its checksum. A segment that is rewritten meanwhile is read again. `fresh` reads
   * from the disk what was read before.
   */
  async pages(number: number, slots: readonly number[], fresh = false): Promise<(slot: number) => Uint8Array> {
    let seen: string | undefined;
    for (;;) {
      if (fresh) this.forget(number);
      const header = await this.header(number);
      const again = header.id === seen;
      seen = header.id;
      const gone = slots.filter((slot) => (header.ranks[slot] ?? -1) < 0);
      if (gone.length > 0) throw new SegmentDamaged(number, gone, `Segment ${number} has no page ${gone[0]}.`);
      const needed = new Set(slots.map((slot) => blockOf(header.ranks[slot] ?? 0)));
      const read = new Map<number, Buffer>();
      const failed = new Map<number, unknown>();
      const reading = [...needed].map((index) => {
        if (fresh) this.blocks.delete(`${header.id}/${index}`);
        return this.block(header, index).then(
          (block) => read.set(index, block),
          (error: unknown) => failed.set(index, error),
        );
      });
      await Promise.all(reading);
      for (const error of failed.values())
        if (!(error instanceof DamagedData) && !isAbsent(error) && !isDiskFault(error)) throw error;
      if (failed.size === 0)
        return (slot) => {
          const rank = header.ranks[slot] ?? 0;
          const at = offsetInBlock(rank);
          return read.get(blockOf(rank))?.subarray(at, at + pageBytes) ?? new Uint8Array(0);
        };
      if (again) {
        const lost = slots.filter((slot) => failed.has(blockOf(header.ranks[slot] ?? 0)));
        throw new SegmentDamaged(number, lost, String([...failed.values()][0]));
      }
      this.headers.delete(number); // perhaps it was rewritten since its header was read
    }
  }

  /** Slots whose pages do not have the hash that the header says: below the blocks' checksums, so that nothing in between is believed. */
  async wrongPages(number: number, slots: readonly number[]): Promise<number[]> {
    const page = await this.pages(number, slots, true);
    const { hashes } = await this.header(number);
    return slots.filter(
      (slot) => !sha256(page(slot)).equals(hashes.subarray(slot * hashBytes, slot * hashBytes + hashBytes)),
    );
  }

  private forget(number: number): void {
    this.headers.delete(number);
  }

  /** Written under its last name at once: until a manifest refers to it, it is garbage. It is on disk after `sync`. */
  async write(number: number, domain: Domain, hashes: Buffer, pages: Uint8Array, owner: object) {
    const encoded = await encodeSegment(number, domain, hashes, pages);
    const directory = await this.room.take(encoded.bytes);
    try {
      await writeNew(this.file(number, directory), encoded.parts);
    } catch (error) {
      this.room.count(-encoded.bytes);
      throw error;
    }
    this.register(number, {
      directory,
      bytes: encoded.bytes,
      pages: pages.byteLength / pageBytes,
      synced: false,
      owner,
    });
    return { bytes: encoded.bytes, rawBytes: encoded.rawBytes };
  }

  /** Resolves when these segments, and their names, are on disk. */
  async sync(numbers: Iterable<number>): Promise<void> {
    const directories = new Set<number>();
    const waiting: [number, SegmentInfo][] = [];
    const done: SegmentInfo[] = [];
    for (const number of numbers) {
      const info = this.known.get(number);
      if (info && !info.synced) waiting.push([number, info]);
    }
    const worker = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        await syncFile(this.file(next[0], next[1].directory));
        directories.add(next[1].directory);
        done.push(next[1]);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    for (const directory of directories) await syncDirectory(this.directories[directory] ?? "");
    for (const info of done) info.synced = true;
  }

  async remove(number: number): Promise<number> {
    const info = this.known.get(number);
    if (!info) return 0;
    this.known.delete(number);
    this.forget(number);
    await unlinkIfThere(this.file(number, info.directory));
    this.room.count(-info.bytes);
    return info.bytes;
  }

  /** The same segment with holes where `keep` has no slot, in place of the old one. Gives the bytes that became free. */
  async rewrite(number: number, keep: ReadonlySet<number>): Promise<number> {
    const info = this.known.get(number);
    if (!info) return 0;
    const header = await this.header(number);
    const slots = [...keep].filter((slot) => (header.ranks[slot] ?? -1) >= 0).sort((a, b) => a - b);
    const page = await this.pages(number, slots, true);
    const hashes = Buffer.alloc(header.hashes.byteLength);
    for (const slot of slots)
      header.hashes.copy(hashes, slot * hashBytes, slot * hashBytes, slot * hashBytes + hashBytes);
    const domain = await this.keyring.byTag(header.tag);
    const encoded = await encodeSegment(number, domain, hashes, Buffer.concat(slots.map(page)));
    await this.room.take(encoded.bytes, info.directory);
    try {
      await writeWhole(this.file(number, info.directory), encoded.parts);
    } catch (error) {
      this.room.count(-encoded.bytes);
      throw error;
    }
    this.forget(number);
    const freed = info.bytes - encoded.bytes;
    this.room.count(-info.bytes);
    info.bytes = encoded.bytes;
    info.pages = slots.length;
    return freed;
  }
}
