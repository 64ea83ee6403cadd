/**
 * Where the pages of one volume are: ascending page numbers, and for each a segment (0: the page is zero) and a slot in it. On disk as
 * differences, column by column, which zstd makes nothing of where pages were stored one after the other.
 */
export interface PageIndex {
  readonly numbers: Uint32Array;
  readonly segments: Uint32Array;
  readonly slots: Uint8Array;
}
export const entryBytes = 9;
export const emptyIndex: PageIndex = {
  numbers: new Uint32Array(0),
  segments: new Uint32Array(0),
  slots: new Uint8Array(0),
};
export const sizeOf = (index: PageIndex): number => index.numbers.length * entryBytes;

/** Takes entries in any order; the last of a page counts. */
export class IndexBuilder {
  private numbers = new Uint32Array(1024);
  private segments = new Uint32Array(1024);
  private slots = new Uint8Array(1024);
  private count = 0;
  private ascending = true;

  add(number: number, segment: number, slot: number): void {
    if (this.count === this.numbers.length) this.grow();
    if (this.count > 0 && (this.numbers[this.count - 1] ?? 0) >= number) this.ascending = false;
    this.numbers[this.count] = number;
    this.segments[this.count] = segment;
    this.slots[this.count] = slot;
    this.count += 1;
  }

  private grow(): void {
    const size = this.count * 2;
    const numbers = new Uint32Array(size);
    numbers.set(this.numbers);
    this.numbers = numbers;
    const segments = new Uint32Array(size);
    segments.set(this.segments);
    this.segments = segments;
    const slots = new Uint8Array(size);
    slots.set(this.slots);
    this.slots = slots;
  }

  finish(): PageIndex {
    const { count } = this;
    if (this.ascending)
      return {
        numbers: this.numbers.slice(0, count),
        segments: this.segments.slice(0, count),
        slots: this.slots.slice(0, count),
      };
    // One number for page and turn sorts without a comparing function; exact up to 2 ** 53, a volume of 1 TiB with 2 ** 25 pages sent.
    const keys = new Float64Array(count);
    for (let at = 0; at < count; at++) keys[at] = (this.numbers[at] ?? 0) * count + at;
    keys.sort();
    const sorted = new IndexBuilder();
    for (let at = 0; at < count; at++) {
      const key = keys[at] ?? 0;
      const number = Math.floor(key / count);
      const following = at + 1 < count ? Math.floor((keys[at + 1] ?? 0) / count) : -1;
      if (following === number) continue;
      const from = key - number * count;
      sorted.add(number, this.segments[from] ?? 0, this.slots[from] ?? 0);
    }
    return sorted.finish();
  }
}

/** `over` on top of `base`; pages from `pages` on are cut off, zero pages have no entry. */
export function overlay(base: PageIndex, over: PageIndex, pages: number): PageIndex {
  const most = base.numbers.length + over.numbers.length;
  const numbers = new Uint32Array(most);
  const segments = new Uint32Array(most);
  const slots = new Uint8Array(most);
  let count = 0;
  const put = (from: PageIndex, at: number) => {
    const segment = from.segments[at] ?? 0;
    const number = from.numbers[at] ?? 0;
    if (segment === 0 || number >= pages) return;
    numbers[count] = number;
    segments[count] = segment;
    slots[count] = from.slots[at] ?? 0;
    count += 1;
  };
  let b = 0;
  for (let o = 0; o < over.numbers.length; o++) {
    const number = over.numbers[o] ?? 0;
    while (b < base.numbers.length && (base.numbers[b] ?? 0) < number) put(base, b++);
    if (b < base.numbers.length && base.numbers[b] === number) b += 1;
    put(over, o);
  }
  while (b < base.numbers.length) put(base, b++);
  return { numbers: numbers.slice(0, count), segments: segments.slice(0, count), slots: slots.slice(0, count) };
}

/** What makes `to` of `from`: entries that differ, and zeros for those that are no more. Both without zero entries. */
export function difference(from: PageIndex, to: PageIndex): PageIndex {
  const builder = new IndexBuilder();
  let f = 0;
  for (let t = 0; t < to.numbers.length; t++) {
    const number = to.numbers[t] ?? 0;
    while (f < from.numbers.length && (from.numbers[f] ?? 0) < number) builder.add(from.numbers[f++] ?? 0, 0, 0);
    const same = f < from.numbers.length && from.numbers[f] === number;
    const equal = same && from.segments[f] === to.segments[t] && from.slots[f] === to.slots[t];
    if (same) f += 1;
    if (!equal) builder.add(number, to.segments[t] ?? 0, to.slots[t] ?? 0);
  }
  while (f < from.numbers.length) builder.add(from.numbers[f++] ?? 0, 0, 0);
  return builder.finish();
}

export function encodeIndex({ numbers, segments, slots }: PageIndex): Buffer {
  const count = numbers.length;
  const bytes = Buffer.alloc(count * entryBytes);
  let number = 0;
  let segment = 0;
  let slot = 0;
  for (let at = 0; at < count; at++) {
    bytes.writeUInt32LE(((numbers[at] ?? 0) - number) >>> 0, at * 4);
    bytes.writeUInt32LE(((segments[at] ?? 0) - segment) >>> 0, (count + at) * 4);
    bytes[count * 8 + at] = (slots[at] ?? 0) - slot;
    number = numbers[at] ?? 0;
    segment = segments[at] ?? 0;
    slot = slots[at] ?? 0;
  }
  return bytes;
}

export function decodeIndex(bytes: Buffer, from: number, count: number): PageIndex {
  const numbers = new Uint32Array(count);
  const segments = new Uint32Array(count);
  const slots = new Uint8Array(count);
  let number = 0;
  let segment = 0;
  let slot = 0;
  for (let at = 0; at < count; at++) {
    number = (number + bytes.readUInt32LE(from + at * 4)) >>> 0;
    segment = (segment + bytes.readUInt32LE(from + (count + at) * 4)) >>> 0;
    slot = (slot + (bytes[from + count * 8 + at] ?? 0)) & 255;
    numbers[at] = number;
    segments[at] = segment;
    slots[at] = slot;
  }
  return { numbers, segments, slots };
}
