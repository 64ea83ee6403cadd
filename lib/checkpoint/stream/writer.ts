import { type PageBatch, pageBytes } from "../words.ts";
import { blockOfVolume, type MemoryBlock, mainBlock, mappedBlock, ramFlags, ramVersion, sections } from "./format.ts";

export interface StreamParts {
  /** As the walker gave it. */
  readonly head: Uint8Array;
  readonly blocks: readonly MemoryBlock[];
  /** The memory's pages, in any order; those of other volumes are left out. What has none is zero. */
  readonly pages: AsyncIterable<PageBatch>;
  /** The devices' state. Asked for when the pages have been read. */
  readonly tail: () => AsyncIterable<Uint8Array>;
  /** The main memory is mapped from a file, under another name: none of its pages are written. */
  readonly lazy: boolean;
}

/** Only ours begins with it in a stream, so it may be any number. */
const ramId = 0x0be1a;
const batchPages = 256;

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
function u64(high: number, low: number): Buffer {
  return Buffer.concat([u32(high), u32(low >>> 0)]);
}
const size64 = (value: number, flags = 0) => u64(Math.floor(value / 0x1_0000_0000), (value % 0x1_0000_0000) + flags);
const named = (name: string) => Buffer.concat([Buffer.of(name.length), Buffer.from(name, "latin1")]);
const endOfPart = () => Buffer.concat([size64(0, ramFlags.endOfPart), Buffer.of(sections.footer), u32(ramId)]);

/** Makes the stream again that QEMU can be started from. */
export async function* writeStream({ head, blocks, pages, tail, lazy }: StreamParts): AsyncGenerator<Uint8Array> {
  const nameOf = (block: string) => (lazy && block === mainBlock ? mappedBlock : block);
  const total = blocks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  yield Buffer.concat([
    head,
    Buffer.of(sections.start),
    u32(ramId),
    named("ram"),
    u32(0),
    u32(ramVersion),
    size64(total, ramFlags.memSize),
    ...blocks.flatMap(({ name, sizeBytes }) => [named(nameOf(name)), size64(sizeBytes)]),
    endOfPart(),
    Buffer.of(sections.part),
    u32(ramId),
  ]);
  for await (const batch of pages) {
    const block = blockOfVolume(batch.volume);
    if (block === undefined || (lazy && block === mainBlock)) continue;
    yield* pageRecords(nameOf(block), batch);
  }
  yield endOfPart();
  yield* tail();
}

function* pageRecords(block: string, { numbers, zero, data }: PageBatch): Generator<Uint8Array> {
  const name = named(block);
  let from = 0;
  for (let first = 0; first < numbers.length; first += batchPages) {
    const last = Math.min(first + batchPages, numbers.length);
    const out = Buffer.allocUnsafe((last - first) * (8 + name.length + pageBytes));
    let at = 0;
    for (let i = first; i < last; i++) {
      const page = numbers[i] ?? 0;
      const isZero = zero[i] === 1;
      at = out.writeUInt32BE(Math.floor(page / 0x10_0000), at);
      at = out.writeUInt32BE((((page & 0xf_ffff) << 12) | (isZero ? ramFlags.zero : ramFlags.page)) >>> 0, at);
      out.set(name, at);
      at += name.length;
      if (isZero) out[at++] = 0;
      else {
        out.set(data.subarray(from, from + pageBytes), at);
        from += pageBytes;
        at += pageBytes;
      }
    }
    yield out.subarray(0, at);
  }
}
