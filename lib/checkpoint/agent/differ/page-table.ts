/**
 * What each page of a volume was at a checkpoint: 128 bits of hash each, four zeros for a page of zeros. In chunks that are made when
 * something in them is not zero, and shared with the table that it was forked from until they are written.
 */
const chunkPages = 4096;
const chunkWords = chunkPages * 4;

/** A fast 128-bit hash of one page, written into `into`. Never four zeros. */
export type HashPage = (page: Uint8Array, into: Uint32Array) => void;

export class PageTable {
  readonly #chunks: Map<number, Uint32Array>;
  readonly #own = new Set<number>();
  /** As many as the volume has. */
  readonly pages: number;

  constructor(pages: number, base?: PageTable) {
    this.pages = pages;
    this.#chunks = new Map(base ? base.#chunks : []);
    // A volume that became smaller, and may grow again: what was behind its end is gone.
    for (let page = pages; page < (base?.pages ?? 0); page++) this.putZero(page);
  }

  /** Bytes that it needs at most, shared ones counted. */
  get bytes(): number {
    return this.#chunks.size * chunkWords * 4;
  }

  isZero(page: number): boolean {
    const chunk = this.#chunks.get((page / chunkPages) | 0);
    if (!chunk) return true;
    const at = (page % chunkPages) * 4;
    return chunk[at] === 0 && chunk[at + 1] === 0 && chunk[at + 2] === 0 && chunk[at + 3] === 0;
  }

  /** True where the page had another hash. */
  put(page: number, hash: Uint32Array): boolean {
    const index = (page / chunkPages) | 0;
    const at = (page % chunkPages) * 4;
    const chunk = this.#chunks.get(index);
    if (
      chunk &&
      chunk[at] === hash[0] &&
      chunk[at + 1] === hash[1] &&
      chunk[at + 2] === hash[2] &&
      chunk[at + 3] === hash[3]
    )
      return false;
    this.#writable(index, chunk).set(hash, at);
    return true;
  }

  /** True where the page was not zero before. */
  putZero(page: number): boolean {
    if (this.isZero(page)) return false;
    const index = (page / chunkPages) | 0;
    this.#writable(index, this.#chunks.get(index)).fill(0, (page % chunkPages) * 4, (page % chunkPages) * 4 + 4);
    return true;
  }

  #writable(index: number, chunk: Uint32Array | undefined): Uint32Array {
    if (chunk && this.#own.has(index)) return chunk;
    const own = new Uint32Array(chunkWords);
    if (chunk) own.set(chunk);
    this.#chunks.set(index, own);
    this.#own.add(index);
    return own;
  }
}
