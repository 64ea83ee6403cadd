import { expect, test } from "vitest";
import { type MemoryBlock, writeStream } from "../../stream/index.ts";
import { type PageBatch, pageBytes, type Volume } from "../../words.ts";
import { newSeed, pageHash } from "../differ/index.ts";
import { Differ, MemoryTaker } from "./memory.ts";

const blocks: readonly MemoryBlock[] = [
  { name: "pc.ram", sizeBytes: 6 * pageBytes },
  { name: "pc.bios", sizeBytes: 2 * pageBytes },
];
const head = Buffer.from("QEVM\0\0\0\x03", "latin1");
const nothing = async () => {};
const page = (fill: number) => Buffer.alloc(pageBytes, fill);

/** As QEMU writes it where the main memory is shared: only these pages of the others. */
async function streamWith(bios: readonly number[]): Promise<Buffer> {
  async function* pages(): AsyncGenerator<PageBatch> {
    yield {
      ...{ volume: "memory/pc.bios", numbers: Uint32Array.from(bios), zero: new Uint8Array(bios.length) },
      data: Buffer.concat(bios.map((number) => page(number + 100))),
    };
  }
  async function* tail() {
    yield Buffer.of(0);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of writeStream({ head, blocks, pages: pages(), tail, lazy: false })) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function taken(bios: readonly number[]) {
  const batches: PageBatch[] = [];
  const volumes: Volume[] = [];
  const differ = new Differ(await pageHash(newSeed()), null, undefined, (batch) => batches.push(batch));
  const taker = new MemoryTaker(differ, (_, known) => volumes.push(...known));
  taker.push(await streamWith(bios));
  return { batches, volumes, taker };
}

const memory = Buffer.concat([page(1), page(0), page(3), page(0), page(0), page(6)]);
const hashes = new Uint32Array(6 * 4);
for (const number of [0, 2, 5]) hashes.fill(number + 1, number * 4, number * 4 + 4);

test("memory that is copied beside the stream becomes pages like the others", async () => {
  const { batches, volumes, taker } = await taken([0, 1]);
  expect(taker.bytesBeside("pc.ram")).toBe(2 * pageBytes);
  expect(taker.knowsBase("pc.ram")).toBe(false);
  await taker.copied("pc.ram", { bytes: memory, hashes }, nothing);
  taker.finish((volume) => volumes.push(volume));
  expect(volumes.map(({ name }) => name)).toEqual(["memory/pc.ram", "memory/pc.bios", "devices"]);
  const main = batches.filter(({ volume }) => volume === "memory/pc.ram");
  expect(main.map(({ numbers }) => [...numbers])).toEqual([[0, 2, 5]]);
  expect(main[0]?.data[pageBytes]).toBe(3);
});

test.each([
  ["another block that QEMU left out", [0], "pc.ram", memory],
  ["a block of another size", [0, 1], "pc.ram", memory.subarray(pageBytes)],
  ["a block that it does not have", [0, 1], "ram-node0", memory],
] as const)("a copy that is not all that is missing is refused: %s", async (_, bios, block, bytes) => {
  const { taker } = await taken(bios);
  await expect(taker.copied(block, { bytes, hashes }, nothing)).rejects.toThrow("QEMU's stream");
});
