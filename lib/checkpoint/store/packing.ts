import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

/** Node has it from 22.15 on. Below that, pages are kept as they are; Belay itself always runs on a newer one. */
const hasZstd = typeof zstdCompress === "function";
const compress = hasZstd ? promisify(zstdCompress) : undefined;
const decompress = hasZstd ? promisify(zstdDecompress) : undefined;
const level = { [constants.ZSTD_c_compressionLevel]: 1 };
/** zlib's own default, 16 KiB, costs a copy per chunk. */
const chunkSize = 256 * 1024;

/** zstd where it saves at least a twentieth, else the bytes as they are. Runs beside the loop, in libuv's threads. */
export async function pack(raw: Uint8Array): Promise<{ readonly bytes: Uint8Array; readonly packed: boolean }> {
  if (!compress) return { bytes: raw, packed: false };
  const bytes = await compress(raw, { params: level, chunkSize });
  return bytes.byteLength < raw.byteLength * 0.95 ? { bytes, packed: true } : { bytes: raw, packed: false };
}

/** `rawBytes` bounds what a forged frame may unpack to. */
export async function unpack(stored: Uint8Array, packed: boolean, rawBytes: number): Promise<Buffer> {
  if (!packed) return Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  if (!decompress) throw new Error("This Node has no zstd; Node 22.15 and later have it.");
  return decompress(stored, { chunkSize, maxOutputLength: Math.max(1, rawBytes) });
}
