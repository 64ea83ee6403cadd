/** At most so many at a time; `tryRun` says false, and does nothing, when all places are taken. */
export class Limit {
  #free: number;
  constructor(places: number) {
    this.#free = places;
  }

  tryRun(work: () => Promise<void>): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    void work().finally(() => {
      this.#free++;
    });
    return true;
  }
}

/** Does `work` for each, at most `places` at a time. */
export async function eachOf<T>(things: Iterable<T>, places: number, work: (thing: T) => Promise<void>): Promise<void> {
  const left = things[Symbol.iterator]();
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: places }, worker));
}
