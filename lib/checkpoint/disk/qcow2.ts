/**
 * The part of qcow2 (docs/interop/qcow2.txt) that a copy made by QEMU's own backup needs: one image without backing file, snapshots,
 * encryption or compression. Versions 2 and 3.
 */
import { pageBytes } from "../words.ts";

/** Reads exactly `into.length` bytes at that place; what lies behind the file's end is zero. */
export type ReadAt = (into: Uint8Array, at: number) => Promise<void>;

export class UnknownImage extends Error {
  override readonly name = "UnknownImage";
}

const magic = 0x514649fb;
const offsetMask = 0x00ff_ffff_ffff_fe00n;
const zeroFlag = 1n;
const compressedFlag = 1n << 62n;
/** Incompatible features that change nothing for reading: dirty. The rest (corrupt, external data, compression, extended L2) is refused. */
const harmlessFeatures = 1n;

export interface Range {
  /** In the guest's view. */
  readonly at: number;
  readonly bytes: number;
  /** Where its bytes are in the file; null: it is zero. */
  readonly fileAt: number | null;
}

export interface Qcow2 {
  readonly sizeBytes: number;
  readonly clusterBytes: number;
  /** What the image holds, ascending; neighbours that lie together in the file are one. What is in no range was never written to it. */
  ranges(): AsyncGenerator<Range>;
}

/** Throws `UnknownImage` for what it cannot read. */
export async function openQcow2(read: ReadAt): Promise<Qcow2> {
  const bytes = Buffer.alloc(104);
  await read(bytes, 0);
  if (bytes.readUInt32BE(0) !== magic) throw new UnknownImage("This is no qcow2 image.");
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw new UnknownImage(`This is a qcow2 image of version ${version}.`);
  if (bytes.readBigUInt64BE(8) !== 0n) throw new UnknownImage("The image has a backing file.");
  const clusterBits = bytes.readUInt32BE(20);
  if (clusterBits < 12 || clusterBits > 21) throw new UnknownImage(`The image has clusters of 2^${clusterBits} bytes.`);
  const sizeBytes = Number(bytes.readBigUInt64BE(24));
  if (bytes.readUInt32BE(32) !== 0) throw new UnknownImage("The image is encrypted.");
  const l1Size = bytes.readUInt32BE(36);
  const l1At = Number(bytes.readBigUInt64BE(40));
  if (version === 3 && (bytes.readBigUInt64BE(72) & ~harmlessFeatures) !== 0n)
    throw new UnknownImage("The image has features that are not understood.");
  const clusterBytes = 2 ** clusterBits;
  const l2Entries = clusterBytes / 8;
  const needed = Math.ceil(sizeBytes / (clusterBytes * l2Entries));
  if (!Number.isSafeInteger(sizeBytes) || l1Size < needed || l1Size > 4 * 1024 * 1024)
    throw new UnknownImage("The image's table does not fit its size.");

  async function* ranges(): AsyncGenerator<Range> {
    const l1 = Buffer.alloc(needed * 8);
    await read(l1, l1At);
    const l2 = Buffer.alloc(clusterBytes);
    let open: { at: number; bytes: number; fileAt: number | null } | undefined;
    for (let i = 0; i < needed; i++) {
      const l2At = Number(l1.readBigUInt64BE(i * 8) & offsetMask);
      if (l2At === 0) continue;
      await read(l2, l2At);
      for (let j = 0; j < l2Entries; j++) {
        const entry = l2.readBigUInt64BE(j * 8);
        if (entry === 0n) continue;
        if (entry & compressedFlag) throw new UnknownImage("The image has compressed clusters.");
        const at = (i * l2Entries + j) * clusterBytes;
        if (at >= sizeBytes) break;
        const fileAt = version === 3 && entry & zeroFlag ? null : Number(entry & offsetMask);
        if (fileAt === 0) continue;
        const count = Math.min(clusterBytes, sizeBytes - at);
        const follows = open !== undefined && open.at + open.bytes === at;
        const together: boolean =
          open?.fileAt === null ? fileAt === null : open !== undefined && fileAt === open.fileAt + open.bytes;
        if (open && follows && together) open.bytes += count;
        else {
          if (open) yield open;
          open = { at, bytes: count, fileAt };
        }
      }
    }
    if (open) yield open;
  }
  return { sizeBytes, clusterBytes, ranges };
}

/** A piece of a disk: `bytes` is a whole number of pages (the last filled up with zeros) and the caller's until the next one; null: zero. */
export interface DiskPiece {
  readonly firstPage: number;
  readonly pages: number;
  readonly bytes: Uint8Array | null;
}

const mostPieceBytes = 1024 * 1024;

/** All that the image holds, in pieces of at most a megabyte, ascending. */
export async function* diskPieces(image: Qcow2, read: ReadAt): AsyncGenerator<DiskPiece> {
  const buffer = Buffer.alloc(mostPieceBytes);
  for await (const { at, bytes, fileAt } of image.ranges()) {
    for (let done = 0; done < bytes; done += mostPieceBytes) {
      const count = Math.min(mostPieceBytes, bytes - done);
      const pages = Math.ceil(count / pageBytes);
      const firstPage = (at + done) / pageBytes;
      if (fileAt === null) {
        yield { firstPage, pages, bytes: null };
        continue;
      }
      const into = buffer.subarray(0, pages * pageBytes);
      await read(into.subarray(0, count), fileAt + done);
      into.fill(0, count);
      yield { firstPage, pages, bytes: into };
    }
  }
}
