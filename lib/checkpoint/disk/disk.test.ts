import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { pageBytes } from "../words.ts";
import { emptyQcow2 } from "./empty-qcow2.ts";
import { diskPieces, openQcow2, type ReadAt, UnknownImage } from "./qcow2.ts";

const readFrom =
  (bytes: Buffer): ReadAt =>
  async (into, at) => {
    into.fill(0);
    bytes.copy(into, 0, at, at + into.length);
  };

/** page → its first byte; 0 where it is known to be zero. */
async function pagesOf(bytes: Buffer): Promise<Map<number, number>> {
  const read = readFrom(bytes);
  const found = new Map<number, number>();
  for await (const piece of diskPieces(await openQcow2(read), read))
    for (let i = 0; i < piece.pages; i++) found.set(piece.firstPage + i, piece.bytes?.[i * pageBytes] ?? 0);
  return found;
}

const MiB = 1024 * 1024;

describe("an image", () => {
  it("that is empty holds nothing", async () => {
    const image = emptyQcow2(3 * MiB);
    expect((await openQcow2(readFrom(image))).sizeBytes).toBe(3 * MiB);
    expect(await pagesOf(image)).toEqual(new Map());
  });

  it("gives its clusters in order, zero ones named, neighbours together, the last cut at the disk's end", async () => {
    const cluster = 65_536;
    const size = 600 * MiB + 3 * pageBytes;
    const empty = emptyQcow2(size);
    const l2 = [Buffer.alloc(cluster), Buffer.alloc(cluster)] as const;
    const data = Buffer.alloc(3 * cluster, 7);
    const l2At = empty.length;
    const dataAt = l2At + 2 * cluster;
    empty.writeBigUInt64BE(BigInt(l2At) | (1n << 63n), 3 * cluster);
    empty.writeBigUInt64BE(BigInt(l2At + cluster) | (1n << 63n), 3 * cluster + 8);
    l2[0].writeBigUInt64BE(BigInt(dataAt), 5 * 8);
    l2[0].writeBigUInt64BE(BigInt(dataAt + cluster), 6 * 8);
    l2[0].writeBigUInt64BE(1n, 9 * 8);
    const last = Math.floor(size / cluster) - 8192;
    l2[1].writeBigUInt64BE(BigInt(dataAt + 2 * cluster), last * 8);
    const bytes = Buffer.concat([empty, ...l2, data]);
    const read = readFrom(bytes);
    const ranges = [];
    for await (const range of (await openQcow2(read)).ranges()) ranges.push(range);
    expect(ranges).toEqual([
      { at: 5 * cluster, bytes: 2 * cluster, fileAt: dataAt },
      { at: 9 * cluster, bytes: cluster, fileAt: null },
      { at: 600 * MiB, bytes: 3 * pageBytes, fileAt: dataAt + 2 * cluster },
    ]);
    expect((await pagesOf(bytes)).size).toBe(32 + 16 + 3);
  });

  it("with what is not understood is refused", async () => {
    const backing = emptyQcow2(MiB);
    backing.writeBigUInt64BE(104n, 8);
    const feature = emptyQcow2(MiB);
    feature.writeBigUInt64BE(4n, 72);
    const short = emptyQcow2(MiB);
    short.writeUInt32BE(0, 36);
    for (const bytes of [Buffer.alloc(104), backing, feature, short])
      await expect(openQcow2(readFrom(bytes))).rejects.toThrow(UnknownImage);
  });
});

const hasQemu = (() => {
  try {
    execFileSync("qemu-io", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasQemu)("QEMU", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "belay-qcow2-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  it("writes into an image of ours, finds it sound, and we read what it wrote", async () => {
    const file = path.join(dir, "a.qcow2");
    writeFileSync(file, emptyQcow2(700 * MiB));
    const commands = ["write -P 5 64k 192k", "write -P 6 650M 4k", "write -z 1M 64k", "write -P 9 130M 3M"];
    execFileSync("qemu-io", ["-f", "qcow2", ...commands.flatMap((command) => ["-c", command]), file]);
    execFileSync("qemu-img", ["check", file]);
    const found = await pagesOf(readFileSync(file));
    const of = (at: number) => found.get(at / pageBytes);
    expect([
      of(65_536),
      of(65_536 + 192 * 1024 - pageBytes),
      of(650 * MiB),
      of(MiB),
      of(130 * MiB),
      of(133 * MiB - pageBytes),
    ]).toEqual([5, 5, 6, 0, 9, 9]);
    expect([of(0), of(133 * MiB)]).toEqual([undefined, undefined]);
  });
});
