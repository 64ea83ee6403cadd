/**
 * From a page's hash to where it is stored: open addressing in typed arrays, 13 bytes an entry. Only 64 bits of the hash are kept, so a
 * find is a candidate: the whole hash, in the segment's header, decides. Entries of segments that are gone are not taken out one by
 * one: a segment's number is never used twice, so they can only miss; they go when the table grows.
 */
export class PageTable {
  private high = new Uint32Array(1024);
  private low = new Uint32Array(1024);
  private segment = new Uint32Array(1024);
  private slot = new Uint8Array(1024);
  private mask = 1023;
  private used = 0;
  private readonly isThere: (segment: number) => boolean;

  constructor(isThere: (segment: number) => boolean) {
    this.isThere = isThere;
  }

  get size(): number {
    return this.used;
  }

  segmentAt = (at: number): number => this.segment[at] ?? 0;
  slotAt = (at: number): number => this.slot[at] ?? 0;

  /** The first place of a candidate, or -1. */
  first(high: number, low: number): number {
    return this.from(low & this.mask, high, low);
  }

  /** The next one after `at`. */
  next(at: number, high: number, low: number): number {
    return this.from((at + 1) & this.mask, high, low);
  }

  private from(start: number, high: number, low: number): number {
    for (let at = start; this.segment[at] !== 0; at = (at + 1) & this.mask)
      if (this.low[at] === low && this.high[at] === high) return at;
    return -1;
  }

  add(high: number, low: number, segment: number, slot: number): void {
    if (this.used * 10 >= this.mask * 7) this.grow();
    let at = low & this.mask;
    while (this.segment[at] !== 0) {
      const stale = this.low[at] === low && this.high[at] === high && !this.isThere(this.segmentAt(at));
      if (stale) break;
      at = (at + 1) & this.mask;
    }
    if (this.segment[at] === 0) this.used += 1;
    this.high[at] = high;
    this.low[at] = low;
    this.segment[at] = segment;
    this.slot[at] = slot;
  }

  private grow(): void {
    const { high, low, segment, slot } = this;
    let live = 0;
    for (const each of segment) if (each !== 0 && this.isThere(each)) live += 1;
    let size = 1024;
    while (live * 10 >= size * 4) size *= 2;
    this.high = new Uint32Array(size);
    this.low = new Uint32Array(size);
    this.segment = new Uint32Array(size);
    this.slot = new Uint8Array(size);
    this.mask = size - 1;
    this.used = 0;
    for (let from = 0; from < segment.length; from++) {
      const number = segment[from] ?? 0;
      if (number === 0 || !this.isThere(number)) continue;
      let at = (low[from] ?? 0) & this.mask;
      while (this.segment[at] !== 0) at = (at + 1) & this.mask;
      this.high[at] = high[from] ?? 0;
      this.low[at] = low[from] ?? 0;
      this.segment[at] = number;
      this.slot[at] = slot[from] ?? 0;
      this.used += 1;
    }
  }
}
