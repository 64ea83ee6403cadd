/** A set of stored pages: 256 bits for each segment that has any. */
export class Marks {
  private readonly segments = new Map<number, Uint32Array>();

  add(segment: number, slot: number): void {
    if (segment === 0) return; // the zero page is stored nowhere
    let bits = this.segments.get(segment);
    if (!bits) {
      bits = new Uint32Array(8);
      this.segments.set(segment, bits);
    }
    bits[slot >> 5] = (bits[slot >> 5] ?? 0) | (1 << (slot & 31));
  }

  addAll(other: Marks): void {
    for (const [segment, from] of other.segments) {
      const to = this.segments.get(segment);
      if (!to) this.segments.set(segment, from.slice());
      else for (let at = 0; at < 8; at++) to[at] = (to[at] ?? 0) | (from[at] ?? 0);
    }
  }

  has(segment: number, slot: number): boolean {
    const bits = this.segments.get(segment);
    return bits !== undefined && (((bits[slot >> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
  }

  delete(segment: number): void {
    this.segments.delete(segment);
  }

  get size(): number {
    return this.segments.size;
  }

  numbers(): number[] {
    return [...this.segments.keys()].sort((a, b) => a - b);
  }

  hasSegment = (segment: number): boolean => this.segments.has(segment);

  /** How many slots of a segment are marked. */
  count(segment: number): number {
    let count = 0;
    for (let word of this.segments.get(segment) ?? []) for (; word !== 0; word &= word - 1) count += 1;
    return count;
  }

  /** The marked slots of a segment below `count`. */
  slots(segment: number, count: number): number[] {
    const found: number[] = [];
    for (let slot = 0; slot < count; slot++) if (this.has(segment, slot)) found.push(slot);
    return found;
  }
}
