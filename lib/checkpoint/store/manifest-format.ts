import { randomBytes } from "node:crypto";
import { open, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { DamagedData } from "../words.ts";
import { type Domain, fileKey, saltBytes, seal, unseal } from "./domain.ts";
import { isAbsent, readAt } from "./files.ts";
import { pack, unpack } from "./packing.ts";
import { decodeIndex, encodeIndex, entryBytes, type PageIndex } from "./page-index.ts";
import { sha256 } from "./segment-format.ts";

/**
 * A manifest's file: one checkpoint. Little endian.
 *
 *   prefix   0  "BLYCKP01"    8 u8 1: encrypted, 2: head packed, 4: index packed   9 7 × 0
 *           16  the domain's tag   32 salt
 *           48  u32 head as stored   52 u32 head   56 u32 index as stored   60 u32 index
 *           64  SHA-256 of the head as stored   96 SHA-256 of the index as stored   128 SHA-256 of the 128 bytes before
 *   head     JSON (`headSchema`); zstd; encrypted with count 0
 *   index    per volume that the head lists, in its order, its entries (see page-index.ts); zstd; encrypted with count 1
 */
const magic = Buffer.from("BLYCKP01");
const prefixBytes = 160;
const flag = { encrypted: 1, headPacked: 2, indexPacked: 4 };
const mostHeadBytes = 64 * 1024 * 1024;

const volume = z.object({ name: z.string(), kind: z.enum(["memory", "devices", "disk"]), sizeBytes: z.number() });
const disk = z.object({ volume: z.string(), target: z.string(), path: z.string(), format: z.string() });
export const factsSchema = z.object({
  checkpoint: z.string(),
  vm: z.string(),
  vmUuid: z.string(),
  organization: z.string().nullable(),
  base: z.string().nullable(),
  method: z.string(),
  domainXml: z.string(),
  streamHead: z.string().nullable(),
  cookie: z.string().nullable(),
  disks: z.array(disk),
});
export const volumeSchema = volume;
export const endSchema = z.object({
  at: z.number(),
  pauseMs: z.number(),
  tookMs: z.number(),
  changedBytes: z.number(),
  words: z.string(),
});
const headSchema = z.object({
  serial: z.number(),
  /** Whose pages hold where the index has no entry; null: none, they are zero. */
  parent: z.number().nullable(),
  facts: factsSchema,
  volumes: z.array(volume),
  end: endSchema,
  wholeBytes: z.number(),
  segmentBytes: z.number(),
  segmentRawBytes: z.number(),
  index: z.array(z.object({ volume: z.string(), entries: z.number() })),
});
export type ManifestHead = z.infer<typeof headSchema>;
export type VolumeIndexes = ReadonlyMap<string, PageIndex>;

export interface ReadManifest {
  readonly head: ManifestHead;
  /** Of the domain that it is kept in. */
  readonly tag: Buffer;
  /** Of the file, and what it would be without compression. */
  readonly bytes: number;
  readonly rawBytes: number;
}

export async function encodeManifest(
  head: Omit<ManifestHead, "index">,
  indexes: VolumeIndexes,
  domain: Domain,
): Promise<{ readonly parts: readonly Uint8Array[]; readonly bytes: number; readonly rawBytes: number }> {
  const salt = randomBytes(saltBytes);
  const key = fileKey(domain, salt);
  const listed = [...indexes].map(([name, { numbers }]) => ({ volume: name, entries: numbers.length }));
  const rawHead = Buffer.from(JSON.stringify({ ...head, index: listed } satisfies ManifestHead));
  const rawIndex = Buffer.concat([...indexes.values()].map(encodeIndex));
  const packedHead = await pack(rawHead);
  const packedIndex = await pack(rawIndex);
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix.writeUInt8(
    (key ? flag.encrypted : 0) +
      (packedHead.packed ? flag.headPacked : 0) +
      (packedIndex.packed ? flag.indexPacked : 0),
    8,
  );
  domain.tag.copy(prefix, 16);
  salt.copy(prefix, 32);
  const storedHead = seal(key, 0, magic, packedHead.bytes);
  const storedIndex = seal(key, 1, magic, packedIndex.bytes);
  prefix.writeUInt32LE(storedHead.byteLength, 48);
  prefix.writeUInt32LE(rawHead.byteLength, 52);
  prefix.writeUInt32LE(storedIndex.byteLength, 56);
  prefix.writeUInt32LE(rawIndex.byteLength, 60);
  sha256(storedHead).copy(prefix, 64);
  sha256(storedIndex).copy(prefix, 96);
  sha256(prefix.subarray(0, 128)).copy(prefix, 128);
  const parts = [prefix, storedHead, storedIndex];
  return {
    parts,
    bytes: prefixBytes + storedHead.byteLength + storedIndex.byteLength,
    rawBytes: prefixBytes + rawHead.byteLength + rawIndex.byteLength,
  };
}

type DomainOf = (tag: Buffer) => Promise<Domain>;
const damaged = (what: string) => new DamagedData(`A manifest's ${what} does not have its checksum.`);

async function readPart(file: string, part: "head" | "index", domainOf: DomainOf) {
  const handle = await open(file, "r").catch(async (error: unknown) => {
    if (!isAbsent(error)) throw error;
    await stat(path.dirname(file)); // where that is not there either, their disk is away, and the file may be well
    throw new DamagedData("A manifest is missing.", { cause: error });
  });
  try {
    const prefix = await readAt(handle, 0, prefixBytes);
    const whole = prefix.byteLength === prefixBytes && prefix.subarray(0, 8).equals(magic);
    if (!whole || !sha256(prefix.subarray(0, 128)).equals(prefix.subarray(128))) throw damaged("prefix");
    const headBytes = prefix.readUInt32LE(48);
    const at =
      part === "head"
        ? { from: prefixBytes, sizes: 48, sum: 64 }
        : { from: prefixBytes + headBytes, sizes: 56, sum: 96 };
    const stored = await readAt(handle, at.from, prefix.readUInt32LE(at.sizes));
    if (!sha256(stored).equals(prefix.subarray(at.sum, at.sum + 32))) throw damaged(part);
    const tag = prefix.subarray(16, 32);
    const key = fileKey(await domainOf(tag), prefix.subarray(32, 48));
    const packed = unseal(key, part === "head" ? 0 : 1, magic, stored);
    const flags = prefix.readUInt8(8);
    const isPacked = (flags & (part === "head" ? flag.headPacked : flag.indexPacked)) !== 0;
    const rawBytes = prefix.readUInt32LE(at.sizes + 4);
    if (part === "head" && rawBytes > mostHeadBytes) throw damaged(part);
    const raw = await unpack(packed, isPacked, rawBytes);
    const { size } = await handle.stat();
    return { raw, tag, bytes: size, rawBytes: prefixBytes + prefix.readUInt32LE(52) + prefix.readUInt32LE(60) };
  } finally {
    await handle.close();
  }
}

/** `DamagedData`, `KeyMissing`, or what the file system says. */
export async function readHead(file: string, domainOf: DomainOf): Promise<ReadManifest> {
  const { raw, ...rest } = await readPart(file, "head", domainOf);
  return { head: headSchema.parse(JSON.parse(raw.toString("utf8"))), ...rest };
}

export async function readIndexes(file: string, head: ManifestHead, domainOf: DomainOf): Promise<VolumeIndexes> {
  const { raw } = await readPart(file, "index", domainOf);
  const indexes = new Map<string, PageIndex>();
  let at = 0;
  for (const { volume: name, entries } of head.index) {
    if (at + entries * entryBytes > raw.byteLength) throw damaged("index");
    indexes.set(name, decodeIndex(raw, at, entries));
    at += entries * entryBytes;
  }
  return indexes;
}
