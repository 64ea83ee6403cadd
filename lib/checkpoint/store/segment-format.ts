import { hash, randomBytes } from "node:crypto";
import { DamagedData, pageBytes } from "../words.ts";
import { type Domain, fileKey, saltBytes, seal, unseal } from "./domain.ts";
import { pack, unpack } from "./packing.ts";

/**
 * A segment's file: up to 256 pages. Little endian.
 *
 *   prefix   0  "BLYSEG01"
 *            8  u32 number   12 u16 slots   14 u16 pages   16 u8 blocks   17 u8 1: encrypted   18 6 × 0
 *           24  the domain's tag, 16 bytes   40 salt, 16 bytes   56 u32 length of the table as stored   60 u32 0
 *   table       per slot the page's SHA-256 (32 × 0: a hole, whose page is gone), then per block u32 length as stored, highest bit:
 *               zstd; u32 0; SHA-256 as stored. Encrypted with count 0.
 *   SHA-256 of prefix and table
 *   blocks      each up to 64 pages, those of the slots that are no holes, in their order. Encrypted with counts 1, 2, …
 *
 * So a block is verified without the rest of the file, and a slot keeps its number when pages before it are taken out.
 */
export const segmentPages = 256;
export const hashBytes = 32;
const blockPages = 64;
const prefixBytes = 64;
const blockEntryBytes = 40;
const magic = Buffer.from("BLYSEG01");
const packedBit = 0x80000000;
const noHash = Buffer.alloc(hashBytes);
/** A header is read with one call: its longest form, an authentication tag included. */
export const mostHeaderBytes = prefixBytes + segmentPages * hashBytes + 4 * blockEntryBytes + 16 + hashBytes;

export const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer");

interface Block {
  readonly offset: number;
  readonly length: number;
  readonly packed: boolean;
  readonly sha256: Buffer;
  readonly pages: number;
}
export interface SegmentHeader {
  /** The file's salt: another one for each time that the segment is written. */
  readonly id: string;
  readonly number: number;
  readonly slots: number;
  readonly tag: Buffer;
  /** `slots` × 32 bytes. */
  readonly hashes: Buffer;
  readonly blocks: readonly Block[];
  readonly key: Buffer | null;
  /** Where a slot's page is among those that are there; -1: a hole. */
  readonly ranks: Int16Array;
  readonly fileBytes: number;
}

const isHole = (hashes: Buffer, slot: number) =>
  hashes.compare(noHash, 0, hashBytes, slot * hashBytes, (slot + 1) * hashBytes) === 0;

function ranksOf(hashes: Buffer, slots: number): { ranks: Int16Array; pages: number } {
  const ranks = new Int16Array(slots).fill(-1);
  let pages = 0;
  for (let slot = 0; slot < slots; slot++) if (!isHole(hashes, slot)) ranks[slot] = pages++;
  return { ranks, pages };
}

export interface EncodedSegment {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  /** What it would be without compression. */
  readonly rawBytes: number;
}

/** `hashes` with 32 zero bytes for each hole; `pages` those of the other slots, one after the other. */
export async function encodeSegment(
  number: number,
  domain: Domain,
  hashes: Buffer,
  pages: Uint8Array,
): Promise<EncodedSegment> {
  const salt = randomBytes(saltBytes);
  const key = fileKey(domain, salt);
  const slots = hashes.byteLength / hashBytes;
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix.writeUInt32LE(number, 8);
  prefix.writeUInt16LE(slots, 12);
  prefix.writeUInt16LE(pages.byteLength / pageBytes, 14);
  prefix.writeUInt8(key ? 1 : 0, 17);
  domain.tag.copy(prefix, 24);
  salt.copy(prefix, 40);
  const about = Buffer.from(prefix.subarray(8, 12)); // a block of another segment does not pass for one of this
  const blocks: Uint8Array[] = [];
  const entries: Buffer[] = [];
  for (let at = 0; at < pages.byteLength; at += blockPages * pageBytes) {
    const { bytes, packed } = await pack(pages.subarray(at, at + blockPages * pageBytes));
    const stored = seal(key, blocks.length + 1, about, bytes);
    const entry = Buffer.alloc(blockEntryBytes);
    entry.writeUInt32LE((stored.byteLength | (packed ? packedBit : 0)) >>> 0, 0);
    sha256(stored).copy(entry, 8);
    blocks.push(stored);
    entries.push(entry);
  }
  const table = seal(key, 0, about, Buffer.concat([hashes, ...entries]));
  prefix.writeUInt8(blocks.length, 16);
  prefix.writeUInt32LE(table.byteLength, 56);
  const head = Buffer.concat([prefix, table]);
  const parts = [head, sha256(head), ...blocks];
  const headBytes = head.byteLength + hashBytes;
  return {
    parts,
    bytes: parts.reduce((sum, part) => sum + part.byteLength, 0),
    rawBytes: headBytes + pages.byteLength,
  };
}

const damaged = (number: number, what: string) => new DamagedData(`Segment ${number}: ${what}.`);

/** The header that a file starts with. `DamagedData`, or `KeyMissing`. */
export async function decodeHeader(
  number: number,
  start: Buffer,
  domainOf: (tag: Buffer) => Promise<Domain>,
): Promise<SegmentHeader> {
  if (start.byteLength < prefixBytes || !start.subarray(0, 8).equals(magic)) throw damaged(number, "it is no segment");
  const tableEnd = prefixBytes + start.readUInt32LE(56);
  const sum = start.subarray(tableEnd, tableEnd + hashBytes);
  if (sum.byteLength < hashBytes || !sum.equals(sha256(start.subarray(0, tableEnd))))
    throw damaged(number, "its header does not have its checksum");
  if (start.readUInt32LE(8) !== number) throw damaged(number, `it holds segment ${start.readUInt32LE(8)}`);
  const tag = Buffer.from(start.subarray(24, 40));
  const key = fileKey(await domainOf(tag), start.subarray(40, 56));
  const table = Buffer.from(unseal(key, 0, start.subarray(8, 12), start.subarray(prefixBytes, tableEnd)));
  const slots = start.readUInt16LE(12);
  const hashes = table.subarray(0, slots * hashBytes);
  const { ranks, pages } = ranksOf(hashes, slots);
  const blocks: Block[] = [];
  let offset = tableEnd + hashBytes;
  for (let index = 0; index < start.readUInt8(16); index++) {
    const at = slots * hashBytes + index * blockEntryBytes;
    const word = table.readUInt32LE(at);
    const length = word & ~packedBit;
    blocks.push({
      offset,
      length,
      packed: (word & packedBit) !== 0,
      sha256: table.subarray(at + 8, at + 40),
      pages: Math.min(blockPages, pages - index * blockPages),
    });
    offset += length;
  }
  const id = start.toString("hex", 40, 56);
  return { id, number, slots, tag, hashes, blocks, key, ranks, fileBytes: offset };
}

export const blockOf = (rank: number): number => Math.floor(rank / blockPages);
export const offsetInBlock = (rank: number): number => (rank % blockPages) * pageBytes;

/** The pages of one block, from its bytes as stored. */
export async function decodeBlock(header: SegmentHeader, index: number, stored: Buffer): Promise<Buffer> {
  const block = header.blocks[index];
  if (!block || stored.byteLength !== block.length || !sha256(stored).equals(block.sha256))
    throw damaged(header.number, `block ${index} does not have its checksum`);
  const about = Buffer.alloc(4);
  about.writeUInt32LE(header.number);
  const pages = await unpack(unseal(header.key, index + 1, about, stored), block.packed, block.pages * pageBytes);
  if (pages.byteLength !== block.pages * pageBytes) throw damaged(header.number, `block ${index} has a wrong length`);
  return pages;
}
