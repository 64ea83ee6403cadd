import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PageBatch, pageBytes } from "../words.ts";
import { type MemoryBlock, memoryVolume, UnknownStream } from "./format.ts";
import { readSaveImageHead, saveImageHead, UnknownSaveImage } from "./save-image.ts";
import { StreamWalker } from "./walker.ts";
import { writeStream } from "./writer.ts";

const u32 = (value: number) => Buffer.of(0, 0, 0, value);
/** magic, version, configuration "pc-i440fx-7.2" with the subsection of the VM's UUID: as QEMU 7.2 writes it. */
const head = Buffer.concat([
  Buffer.from("QEVM"),
  Buffer.of(0, 0, 0, 3, 7, 0, 0, 0, 13),
  Buffer.from("pc-i440fx-7.2"),
  Buffer.of(5, 18),
  Buffer.from("configuration/uuid"),
  u32(1),
  Buffer.alloc(16, 0xab),
]);
/** What follows it where memory that is shared is left out. */
const leavesOutShared = Buffer.concat([
  Buffer.of(5, 26),
  Buffer.from("configuration/capabilities"),
  u32(1),
  u32(1),
  Buffer.of(15),
  Buffer.from("x-ignore-shared"),
]);
/** A whole section "timer", and the rest, which nobody reads. */
const tail = Buffer.concat([Buffer.of(4, 0, 0, 0, 0, 5), Buffer.from("timer"), Buffer.alloc(9_000, 0x7e)]);
const blocks: readonly MemoryBlock[] = [
  { name: "pc.ram", sizeBytes: 64 * pageBytes },
  { name: "/rom@etc/acpi/tables", sizeBytes: 4 * pageBytes },
];

type Pages = ReadonlyMap<string, number>;
/** "block:page" → its filling byte; 0 is a zero page. */
const somePages = fc
  .array(fc.tuple(fc.constantFrom("pc.ram", "/rom@etc/acpi/tables"), fc.nat(63), fc.nat(255)), { maxLength: 40 })
  .map(
    (list) => new Map(list.map(([block, page, fill]) => [`${block}:${block === "pc.ram" ? page : page % 4}`, fill])),
  );

async function* batches(pages: Pages): AsyncGenerator<PageBatch> {
  for (const { name } of blocks) {
    const mine = [...pages]
      .filter(([key]) => key.startsWith(`${name}:`))
      .map(([key, fill]) => [Number(key.slice(name.length + 1)), fill] as const)
      .sort(([a], [b]) => a - b);
    yield {
      volume: memoryVolume(name),
      numbers: Uint32Array.from(mine, ([page]) => page),
      zero: Uint8Array.from(mine, ([, fill]) => Number(fill === 0)),
      data: Buffer.concat(mine.filter(([, fill]) => fill !== 0).map(([, fill]) => Buffer.alloc(pageBytes, fill))),
    };
  }
}

async function made(pages: Pages, lazy = false): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const parts = {
    head,
    blocks,
    pages: batches(pages),
    lazy,
    tail: async function* () {
      yield tail;
    },
  };
  for await (const piece of writeStream(parts)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function walked(bytes: Uint8Array, places: readonly number[] = []) {
  const found = {
    head: Buffer.alloc(0),
    blocks: [] as readonly MemoryBlock[],
    pages: new Map<string, number>(),
    tail: [] as Buffer[],
  };
  const walker = new StreamWalker({
    onBlocks: (given, list) => {
      found.head = Buffer.from(given);
      found.blocks = list;
    },
    onPage: (block, page, data, at, streamAt) => {
      if (data)
        expect(
          Buffer.from(data.subarray(at, at + pageBytes)).equals(bytes.subarray(streamAt, streamAt + pageBytes)),
        ).toBe(true);
      found.pages.set(`${found.blocks[block]?.name}:${page}`, data?.[at] ?? 0);
    },
    onTail: (piece) => void found.tail.push(Buffer.from(piece)),
  });
  const ends = [...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b);
  for (const [i, end] of [...ends, bytes.length].entries()) walker.push(bytes.subarray(ends[i - 1] ?? 0, end));
  walker.finish();
  return { ...found, tail: Buffer.concat(found.tail) };
}

describe("a stream", () => {
  it("is read as it was written, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(somePages, fc.array(fc.nat(400_000), { maxLength: 60 }), async (pages, places) => {
        const found = walked(await made(pages), places);
        expect(found.head.equals(head)).toBe(true);
        expect(found.tail.equals(tail)).toBe(true);
        expect(found.blocks).toEqual(blocks);
        expect(new Map([...found.pages].sort())).toEqual(new Map([...pages].sort()));
      }),
      { numRuns: 60 },
    );
  });

  it("byte by byte", async () => {
    const bytes = await made(new Map([["pc.ram:63", 5]]));
    expect([
      ...walked(
        bytes,
        Array.from({ length: bytes.length }, (_, i) => i),
      ).pages,
    ]).toEqual([["pc.ram:63", 5]]);
  });

  it("without the main memory, under the name of what is mapped", async () => {
    const found = walked(
      await made(
        new Map([
          ["pc.ram:1", 5],
          ["/rom@etc/acpi/tables:2", 6],
        ]),
        true,
      ),
    );
    expect(found.blocks[0]).toEqual({ name: "belay-ram", sizeBytes: 64 * pageBytes });
    expect([...found.pages]).toEqual([["/rom@etc/acpi/tables:2", 6]]);
    expect(memoryVolume("belay-ram")).toBe("memory/pc.ram");
  });

  it("that leaves out shared memory has each block's address, and is kept as an ordinary one", async () => {
    const plain = await made(new Map([["/rom@etc/acpi/tables:2", 6]]));
    let bytes = Buffer.concat([plain.subarray(0, head.length), leavesOutShared, plain.subarray(head.length)]);
    for (const { name } of blocks) {
      const at = bytes.indexOf(Buffer.of(name.length, ...Buffer.from(name))) + 1 + name.length + 8;
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(8, 0x11), bytes.subarray(at)]);
    }
    for (const places of [[], Array.from({ length: 400 }, (_, i) => i)]) {
      const found = walked(bytes, places);
      expect(found.head.equals(head)).toBe(true);
      expect(found.blocks).toEqual(blocks);
      expect([...found.pages]).toEqual([["/rom@etc/acpi/tables:2", 6]]);
    }
  });

  it("that ends early, or is none, is never taken for whole", async () => {
    const bytes = await made(new Map([["pc.ram:1", 5]]));
    const wholeFrom = bytes.length - tail.length;
    for (const end of [3, 20, 200, 3_000, wholeFrom])
      expect(() => walked(bytes.subarray(0, end))).toThrow(UnknownStream);
    expect(() => walked(Buffer.from("QEVX____"))).toThrow(UnknownStream);
    fc.assert(
      fc.property(fc.nat(wholeFrom - 1), fc.nat(255), (at, value) => {
        const broken = Buffer.from(bytes);
        broken[at] = value;
        try {
          walked(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(UnknownStream);
        }
      }),
    );
  });
});

describe("a save image's head", () => {
  it("is read as it was written, with and without a cookie", () => {
    for (const cookie of [null, "<qemuCookie/>"]) {
      const bytes = saveImageHead({ xml: "<domain/>", cookie, wasRunning: true });
      const read = readSaveImageHead(Buffer.concat([bytes, Buffer.from("QEVM")]));
      expect(read).toEqual({ xml: "<domain/>", cookie, wasRunning: true, streamAt: bytes.length });
      expect(readSaveImageHead(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
    }
  });
  it("of an unfinished or unknown file is refused", () => {
    const bytes = Buffer.from(saveImageHead({ xml: "<domain/>", cookie: null, wasRunning: true }));
    bytes.write("LibvirtQemudPart");
    expect(() => readSaveImageHead(bytes)).toThrow(UnknownSaveImage);
    expect(() => readSaveImageHead(Buffer.alloc(92))).toThrow(UnknownSaveImage);
  });
});
