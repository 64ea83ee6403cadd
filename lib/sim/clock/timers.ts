/** What is to happen at an instant. `order` breaks ties: of two timers for one instant the older fires first. */
export interface Timer {
  readonly at: number;
  readonly order: number;
  fire: () => void;
  cancelled: boolean;
}

const before = (a: Timer, b: Timer) => (a.at === b.at ? a.order < b.order : a.at < b.at);
const nothing = () => {};

/** A binary heap of timers. A cancelled one stays until it comes up, or until cancelled ones are the most of the heap. */
export class Timers {
  #heap: Timer[] = [];
  #order = 0;
  #cancelled = 0;

  /** Timers that will still fire. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(at: number, fire: () => void): Timer {
    const timer: Timer = { at, order: this.#order++, fire, cancelled: false };
    this.#heap.push(timer);
    this.#up(this.#heap.length - 1);
    return timer;
  }

  cancel(timer: Timer): void {
    if (timer.cancelled) return;
    timer.cancelled = true;
    timer.fire = nothing; // it may lie here for long, and must not hold what it would have woken
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#sweep();
  }

  /** The next timer that is due at `now` or before, taken out of the heap. */
  take(now: number): Timer | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#removeFirst();
      if (first.cancelled) this.#cancelled--;
      else {
        first.cancelled = true; // a cancel that comes after it fired must not be counted
        return first;
      }
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((it) => !it.cancelled).sort((a, b) => (before(a, b) ? -1 : 1)); // sorted is a heap
    this.#cancelled = 0;
  }

  #up(start: number): void {
    for (let index = start; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfBefore(index, parent)) return;
      index = parent;
    }
  }

  #down(start: number): void {
    for (let index = start; ; ) {
      const left = index * 2 + 1;
      const a = this.#heap[left];
      const b = this.#heap[left + 1];
      const child = a !== undefined && b !== undefined && before(b, a) ? left + 1 : left;
      if (!this.#swapIfBefore(child, index)) return;
      index = child;
    }
  }

  #swapIfBefore(lower: number, upper: number): boolean {
    const a = this.#heap[lower];
    const b = this.#heap[upper];
    if (a === undefined || b === undefined || !before(a, b)) return false;
    this.#heap[lower] = b;
    this.#heap[upper] = a;
    return true;
  }
}
