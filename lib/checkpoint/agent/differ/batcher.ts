import { type PageBatch, pageBytes } from "../../words.ts";

const mostPages = 256;

/** Gathers pages of one volume into batches of about a megabyte. */
export class Batcher {
  readonly #volume: string;
  readonly #emit: (batch: PageBatch) => void;
  #numbers = new Uint32Array(mostPages);
  #zero = new Uint8Array(mostPages);
  #data = Buffer.allocUnsafeSlow(0);
  #count = 0;
  #bytes = 0;
  #ascends = true;

  constructor(volume: string, emit: (batch: PageBatch) => void) {
    this.#volume = volume;
    this.#emit = emit;
  }

  /** Copies the page `bytes[at … at + 4096)`; null: zero. */
  add(page: number, bytes: Uint8Array | null, at: number): void {
    if (this.#count > 0 && page <= (this.#numbers[this.#count - 1] ?? 0)) this.#ascends = false;
    this.#numbers[this.#count] = page;
    this.#zero[this.#count] = bytes ? 0 : 1;
    if (bytes) {
      if (this.#data.length === 0) this.#data = Buffer.allocUnsafeSlow(mostPages * pageBytes);
      this.#data.set(bytes.subarray(at, at + pageBytes), this.#bytes);
      this.#bytes += pageBytes;
    }
    this.#count += 1;
    if (this.#count === mostPages) this.flush();
  }

  flush(): void {
    if (this.#count === 0) return;
    const batch = {
      volume: this.#volume,
      numbers: this.#numbers.slice(0, this.#count),
      zero: this.#zero.slice(0, this.#count),
      data: this.#data.subarray(0, this.#bytes),
    };
    this.#emit(this.#ascends ? batch : inOrder(batch));
    // What is left of the buffer serves the next batch, if there is enough of it.
    const rest = this.#data.subarray(this.#bytes);
    this.#data = rest.length === this.#data.length ? rest : Buffer.allocUnsafeSlow(0);
    this.#count = 0;
    this.#bytes = 0;
    this.#ascends = true;
  }
}

/** The same pages by their numbers. Of one that is there twice the last counts. */
function inOrder({ volume, numbers, zero, data }: PageBatch): PageBatch {
  const froms: number[] = [];
  let from = 0;
  for (let i = 0; i < numbers.length; i++) {
    froms.push(from);
    if (zero[i] === 0) from += pageBytes;
  }
  const numberAt = (i: number) => numbers[i] ?? 0;
  const sorted = froms.map((_, i) => i).sort((a, b) => numberAt(a) - numberAt(b) || a - b);
  const order = sorted.filter((i, at) => at === sorted.length - 1 || numberAt(i) !== numberAt(sorted[at + 1] ?? i));
  const out = Buffer.allocUnsafeSlow(data.length);
  let at = 0;
  for (const i of order) {
    if (zero[i] !== 0) continue;
    const start = froms[i] ?? 0;
    out.set(data.subarray(start, start + pageBytes), at);
    at += pageBytes;
  }
  return {
    volume,
    numbers: Uint32Array.from(order, numberAt),
    zero: Uint8Array.from(order, (i) => zero[i] ?? 0),
    data: out.subarray(0, at),
  };
}
