import { readFile } from "node:fs/promises";
import { type ByteStore, type CaptureFrame, pageBytes } from "../../words.ts";
import { factsOf, memory } from "./captures.ts";

/** Memory as guests have it is stood in for by the pages of Node's own executable: code, tables and text. */
const image = await readFile(process.execPath);
const imagePages = Math.floor(image.byteLength / pageBytes);

/** Pages that no other has: some of the image, with its number written in. */
function pages(first: number, count: number, salt: number): Buffer {
  const data = Buffer.alloc(count * pageBytes);
  for (let index = 0; index < count; index++) {
    const number = first + index;
    const from = (number % imagePages) * pageBytes;
    image.copy(data, index * pageBytes, from, from + pageBytes);
    data.writeUInt32LE(number, index * pageBytes);
    data.writeUInt32LE(salt, index * pageBytes + 8);
  }
  return data;
}

const captures = (pageCount: number) =>
  async function* capture(
    checkpoint: string,
    vm: string,
    base: string | null,
    numbers: readonly number[],
    salt: number,
  ) {
    const volume = memory(pageCount);
    yield { kind: "facts", facts: factsOf({ checkpoint, vm, base }), volumes: [volume] } satisfies CaptureFrame;
    for (let start = 0; start < numbers.length; start += 256) {
      const some = Uint32Array.from(numbers.slice(start, start + 256));
      const data = Buffer.concat(Array.from(some, (number) => pages(number, 1, salt)));
      const batch = { volume: volume.name, numbers: some, zero: new Uint8Array(some.length), data };
      yield { kind: "pages", batch } satisfies CaptureFrame;
    }
    const end = { at: 1, pauseMs: 1, tookMs: 1, changedBytes: numbers.length * pageBytes, words: "" };
    yield { kind: "end", end } satisfies CaptureFrame;
  };

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly seconds: number }> {
  const begun = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - begun) / 1000 };
}

async function drain(store: ByteStore, checkpoint: string, since?: string): Promise<number> {
  let bytes = 0;
  for await (const { data } of store.read(checkpoint, "memory/pc.ram", since)) bytes += data.byteLength;
  return bytes;
}

/** One VM of so much memory: its first checkpoint, the same again of another VM, twenty with a twentieth changed, and reading them. */
export async function measure(store: ByteStore, name: string, mebibytes: number) {
  const pageCount = mebibytes * 256;
  const capture = captures(pageCount);
  const all = Array.from({ length: pageCount }, (_, number) => number);
  // Made before the clock runs: the source's own work is not the store's.
  const made: CaptureFrame[] = [];
  for await (const frame of capture(`${name}0`, name, null, all, 1)) made.push(frame);
  const source = async function* () {
    yield* made;
  };
  const first = await timed(() => store.put(source()));
  const again: CaptureFrame[] = made.map((frame) =>
    frame.kind === "facts"
      ? { ...frame, facts: { ...frame.facts, checkpoint: `${name}twin`, vm: `${name}twin` } }
      : frame,
  );
  const twin = await timed(() =>
    store.put(
      (async function* () {
        yield* again;
      })(),
    ),
  );
  made.length = 0;
  again.length = 0;
  const rate = (seconds: number) => Math.round(mebibytes / seconds);
  let base = `${name}0`;
  const dirty = { raw: 0, stored: 0, changed: 0, ms: [] as number[] };
  for (let turn = 1; turn <= 20; turn++) {
    const numbers = all.filter((number) => (number * 7919 + turn * 131) % 20 === 0);
    const put = await timed(() => store.put(capture(`${name}${turn}`, name, base, numbers, turn + 1)));
    base = `${name}${turn}`;
    dirty.raw += put.result.storedRawBytes;
    dirty.stored += put.result.storedBytes;
    dirty.changed += numbers.length * pageBytes;
    dirty.ms.push(Math.round(put.seconds * 1000));
  }
  const read = await timed(() => drain(store, `${name}0`));
  const chained = await timed(() => drain(store, base));
  const verified = await timed(() => store.verify(base));
  const dropped = await timed(() => store.drop(Array.from({ length: 12 }, (_, turn) => `${name}${turn}`)));
  const collected = await timed(() => store.collect());
  return {
    mebibytes,
    putMiBs: rate(first.seconds),
    putAllKnownMiBs: rate(twin.seconds),
    readMiBs: rate(read.seconds),
    readAfter20DeltasMiBs: rate(chained.seconds),
    verifyMiBs: rate(verified.seconds),
    storedPerChangedRaw: Number((dirty.raw / dirty.changed).toFixed(4)),
    storedPerChanged: Number((dirty.stored / dirty.changed).toFixed(4)),
    secondOfFirst: Number((dirty.stored / 20 / first.result.storedBytes).toFixed(4)),
    fivePercentPutMs: dirty.ms.sort((a, b) => a - b)[10],
    dropMs: Math.round(dropped.seconds * 1000),
    collectMs: Math.round(collected.seconds * 1000),
    freedMiB: Math.round(collected.result.freedBytes / 1048576),
  };
}
