import { type PageBatch, pageBytes } from "../../words.ts";
import { Batcher } from "./batcher.ts";
import { type HashPage, PageTable } from "./page-table.ts";

const zeroPage = Buffer.alloc(pageBytes);

/** What is known of the base: its table; that it is zero (there is no base); or nothing, then every page is emitted, zero ones too. */
export type BaseKnown = PageTable | "zero" | "unknown";

/** The pages of one volume as a capture finds them: emits those that are not as in the base, and makes the new table. */
export class VolumeDiffer {
  readonly #hash: HashPage;
  readonly #batcher: Batcher;
  readonly #into = new Uint32Array(4);
  /** From this page on the base is not known, or has none. */
  readonly #unknownFrom: number;
  readonly #seen: Uint8Array;
  /** As of this capture. Pages that it has not been told of are as in the base: see `isTableWhole`. */
  readonly table: PageTable;
  readonly #changed: Uint8Array;
  #told = 0;
  /** Of pages that are not zero and were emitted; one that came again counts once. */
  changedPages = 0;

  constructor(
    volume: { readonly name: string; readonly sizeBytes: number },
    base: BaseKnown,
    hash: HashPage,
    emit: (batch: PageBatch) => void,
  ) {
    const pages = Math.ceil(volume.sizeBytes / pageBytes);
    this.table = new PageTable(pages, base instanceof PageTable ? base : undefined);
    this.#unknownFrom = base instanceof PageTable ? base.pages : base === "unknown" ? 0 : Number.POSITIVE_INFINITY;
    this.#hash = hash;
    this.#batcher = new Batcher(volume.name, emit);
    this.#seen = new Uint8Array(Math.ceil(pages / 8));
    this.#changed = new Uint8Array(Math.ceil(pages / 8));
  }

  /** A page may come again: the last one counts, and takes back what was emitted before. */
  page(page: number, bytes: Uint8Array | null, at: number): void {
    this.#see(page);
    if (bytes === null) this.#zero(page);
    else {
      this.#hash(bytes.subarray(at, at + pageBytes), this.#into);
      this.#put(page, this.#into, bytes, at);
    }
  }

  /** As `page`, for one whose hash is known already: four zeros, it is zero. */
  hashedPage(page: number, hash: Uint32Array, bytes: Uint8Array, at: number): void {
    const isZero = hash[0] === 0 && hash[1] === 0 && hash[2] === 0 && hash[3] === 0;
    this.#see(page);
    if (isZero) this.#zero(page);
    else this.#put(page, hash, bytes, at);
  }

  #see(page: number): void {
    const seen = this.#seen[page >> 3];
    if (seen === undefined) throw new Error(`page ${page} is outside of its volume`);
    const bit = 1 << (page & 7);
    if ((seen & bit) !== 0) return;
    this.#seen[page >> 3] = seen | bit;
    this.#told += 1;
  }

  #zero(page: number): void {
    if (this.table.putZero(page) || page >= this.#unknownFrom) this.#batcher.add(page, null, 0);
  }

  #put(page: number, hash: Uint32Array, bytes: Uint8Array, at: number): void {
    if (!this.table.put(page, hash)) return;
    const bit = 1 << (page & 7);
    const changed = this.#changed[page >> 3] ?? 0;
    if ((changed & bit) === 0) {
      this.#changed[page >> 3] = changed | bit;
      this.changedPages += 1;
    }
    this.#batcher.add(page, bytes, at);
  }

  /** It is as in the base, which must be known: see `knowsBase`. */
  samePage(page: number): void {
    this.#see(page);
  }

  /** Every page has come. */
  get isTold(): boolean {
    return this.#told === this.table.pages;
  }

  get knowsBase(): boolean {
    return this.#unknownFrom !== Number.POSITIVE_INFINITY && this.#unknownFrom >= this.table.pages;
  }

  /** As `page`, for one that may be full of zeros without being told so: one of a disk. */
  unknownPage(page: number, bytes: Uint8Array | null, at: number): void {
    const isZero = bytes === null || zeroPage.compare(bytes, at, at + pageBytes) === 0;
    this.page(page, isZero ? null : bytes, at);
  }

  /** Pages that never came are zero: to be called where all others were told. */
  zeroUnseen(): void {
    if (this.#unknownFrom === Number.POSITIVE_INFINITY) return;
    for (let page = 0; page < this.table.pages; page++) {
      if ((page & 7) === 0 && this.#seen[page >> 3] === 0xff) page += 7;
      else if (((this.#seen[page >> 3] ?? 0) & (1 << (page & 7))) === 0) this.page(page, null, 0);
    }
  }

  flush(): void {
    this.#batcher.flush();
  }

  /**
   * False where pages were not told that nothing is known of. The table takes them for zero: as the next capture's base it would keep
   * from the store that one of them has become zero.
   */
  get isTableWhole(): boolean {
    return this.#unknownFrom > 0 || this.isTold;
  }
}
