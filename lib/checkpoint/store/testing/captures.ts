import { type CaptureFacts, type CaptureFrame, type PageBatch, pageBytes, type Volume } from "../../words.ts";

const made = new Map<number, Uint8Array>();

/** A page that its seed tells from every other. Half of it repeats, as memory does. */
export function pageOf(seed: number): Uint8Array {
  const known = made.get(seed);
  if (known) return known;
  if (made.size > 10_000) made.clear();
  const page = makePage(seed);
  made.set(seed, page);
  return page;
}

function makePage(seed: number): Uint8Array {
  const page = new Uint8Array(pageBytes);
  if (seed === 0) return page;
  const words = new Uint32Array(page.buffer);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = at % 2 === 0 ? state >>> 0 : seed;
  }
  return page;
}

export const factsOf = (given: Partial<CaptureFacts> & Pick<CaptureFacts, "checkpoint">): CaptureFacts => ({
  vm: "vm_one",
  vmUuid: "c0ffee00-0000-4000-8000-000000000001",
  organization: "org_one",
  base: null,
  method: "background",
  domainXml: "<domain type='kvm'><name>one</name></domain>",
  streamHead: "UUVWTQ==",
  cookie: null,
  disks: [{ volume: "disk/vda", target: "vda", path: "/images/one.qcow2", format: "qcow2" }],
  ...given,
});

/** `pages`: what is sent, page number → seed (0: named as zero). */
export function batchOf(volume: string, pages: ReadonlyMap<number, number>): PageBatch {
  const numbers = Uint32Array.from([...pages.keys()].sort((a, b) => a - b));
  const zero = Uint8Array.from(numbers, (number) => (pages.get(number) === 0 ? 1 : 0));
  const data: Uint8Array[] = [];
  for (const number of numbers) if (pages.get(number) !== 0) data.push(pageOf(pages.get(number) ?? 0));
  return { volume, numbers, zero, data: Buffer.concat(data) };
}

export interface Sent {
  readonly volume: Volume;
  readonly pages: ReadonlyMap<number, number>;
}

export async function* capture(
  facts: CaptureFacts,
  sent: readonly Sent[],
  at = 1,
): AsyncGenerator<CaptureFrame, void, undefined> {
  yield { kind: "facts", facts, volumes: sent.map(({ volume }) => volume) };
  for (const { volume, pages } of sent) if (pages.size > 0) yield { kind: "pages", batch: batchOf(volume.name, pages) };
  yield { kind: "end", end: { at, pauseMs: 5, tookMs: 50, changedBytes: 0, words: "as a test" } };
}

export const memory = (pages: number): Volume => ({
  name: "memory/pc.ram",
  kind: "memory",
  sizeBytes: pages * pageBytes,
});
export const disk = (pages: number): Volume => ({ name: "disk/vda", kind: "disk", sizeBytes: pages * pageBytes });

/** Page number → bytes, and which are named as zero. Fails where numbers do not ascend. */
export async function gathered(batches: AsyncIterable<PageBatch>) {
  const pages = new Map<number, Uint8Array | "zero">();
  let last = -1;
  let batchCount = 0;
  for await (const { numbers, zero, data } of batches) {
    batchCount += 1;
    if (numbers.length > 256) throw new Error("a batch of more than 256 pages");
    let at = 0;
    for (const [index, number] of numbers.entries()) {
      if (number <= last) throw new Error("numbers do not ascend");
      last = number;
      if (zero[index]) pages.set(number, "zero");
      else {
        pages.set(number, data.subarray(at, at + pageBytes));
        at += pageBytes;
      }
    }
    if (at !== data.byteLength) throw new Error("bytes that belong to no page");
  }
  return { pages, batchCount };
}

/** Whether what was read is just these seeds' pages. */
export function isJust(read: ReadonlyMap<number, Uint8Array | "zero">, seeds: ReadonlyMap<number, number>): boolean {
  if (read.size !== seeds.size) return false;
  for (const [number, seed] of seeds) {
    const page = read.get(number);
    if (page === undefined) return false;
    if (seed === 0 ? page !== "zero" : page === "zero" || Buffer.compare(page, pageOf(seed)) !== 0) return false;
  }
  return true;
}
