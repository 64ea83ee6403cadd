export interface Place<T> {
  readonly item: T;
  readonly order: number;
  /** Where it lies; negative once it is out. */
  at: number;
}

/**
 * Things that come and go thousands of times a second. A Set would do, but for V8: whenever a Set makes itself a larger table the old one points
 * at the new, so once one of them is promoted all that follow it are, with what was in them, until a full collection. That made hundreds
 * of MB of old garbage.
 */
export class Bag<T> {
  #places: Place<T>[] = [];
  #order = 0;

  add(item: T): Place<T> {
    const place = { item, order: this.#order++, at: this.#places.length };
    this.#places.push(place);
    return place;
  }

  /** Twice is once. */
  remove(place: Place<T>): void {
    if (place.at < 0) return;
    const last = this.#places.pop();
    if (last !== undefined && last !== place) {
      last.at = place.at;
      this.#places[place.at] = last;
    }
    place.at = -1;
  }

  /** All that is in it, in the order in which it came; it is empty afterwards. */
  empty(): T[] {
    const all = this.#places.sort((a, b) => a.order - b.order);
    this.#places = [];
    for (const place of all) place.at = -1;
    return all.map(({ item }) => item);
  }
}
