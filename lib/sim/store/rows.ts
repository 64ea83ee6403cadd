/** Rows of a table that have something in common, by what they have in common; each group in the order in which its rows came into it. */
export class Index<K, V> {
  readonly #groupOf: (row: V) => string | undefined;
  readonly #groups = new Map<string, Map<K, V>>();

  /** A row for which `groupOf` says undefined is in no group. */
  constructor(groupOf: (row: V) => string | undefined) {
    this.#groupOf = groupOf;
  }

  of(group: string): Iterable<V> {
    return this.#groups.get(group)?.values() ?? [];
  }

  move(key: K, before: V | undefined, after: V | undefined): void {
    const from = before === undefined ? undefined : this.#groupOf(before);
    const to = after === undefined ? undefined : this.#groupOf(after);
    if (from !== undefined && from !== to) this.#groups.get(from)?.delete(key);
    if (to === undefined || after === undefined) return;
    const group = this.#groups.get(to) ?? new Map<K, V>();
    this.#groups.set(to, group.set(key, after));
  }
}

/** Something of each row, in an order: a large table is not gone through and sorted for everybody who reads all of it. */
export class Sorted<K, V, T> {
  readonly #rows: Rows<K, V>;
  readonly #of: (row: V) => T | undefined;
  readonly #compare: (a: T, b: T) => number;
  #items: T[] = [];
  readonly #at = new Map<K, number>();
  #stale = true;

  /** A row for which `of` says undefined is left out. */
  constructor(rows: Rows<K, V>, of: (row: V) => T | undefined, compare: (a: T, b: T) => number) {
    this.#rows = rows;
    this.#of = of;
    this.#compare = compare;
  }

  all(): T[] {
    if (this.#stale) this.#sort();
    return this.#items.slice();
  }

  move(key: K, before: V | undefined, after: V | undefined): void {
    if (this.#stale) return;
    const from = before === undefined ? undefined : this.#of(before);
    const to = after === undefined ? undefined : this.#of(after);
    if (from === undefined && to === undefined) return;
    const at = this.#at.get(key);
    if (at === undefined || from === undefined || to === undefined || this.#compare(from, to) !== 0) this.#stale = true;
    else this.#items[at] = to;
  }

  #sort(): void {
    const found: { readonly key: K; readonly item: T }[] = [];
    for (const [key, row] of this.#rows) {
      const item = this.#of(row);
      if (item !== undefined) found.push({ key, item });
    }
    found.sort((a, b) => this.#compare(a.item, b.item));
    this.#items = found.map(({ item }) => item);
    this.#at.clear();
    for (const [at, { key }] of found.entries()) this.#at.set(key, at);
    this.#stale = false;
  }
}

/** How often anything was written to tables that share it: whoever looks at them knows when nothing did change. */
export interface Changes {
  count: number;
}

/** A table in memory: a map that keeps its indexes and counts its changes. */
export class Rows<K, V> extends Map<K, V> {
  readonly #changes: Changes;
  readonly #followers: Pick<Index<K, V>, "move">[] = [];

  constructor(changes: Changes) {
    super();
    this.#changes = changes;
  }

  indexBy(groupOf: (row: V) => string | undefined): Index<K, V> {
    const index = new Index<K, V>(groupOf);
    for (const [key, row] of this) index.move(key, undefined, row);
    this.#followers.push(index);
    return index;
  }

  sortedBy<T>(of: (row: V) => T | undefined, compare: (a: T, b: T) => number): Sorted<K, V, T> {
    const sorted = new Sorted<K, V, T>(this, of, compare);
    this.#followers.push(sorted);
    return sorted;
  }

  override set(key: K, row: V): this {
    this.#changes.count++;
    for (const it of this.#followers) it.move(key, this.get(key), row);
    return super.set(key, row);
  }

  override delete(key: K): boolean {
    this.#changes.count++;
    for (const it of this.#followers) it.move(key, this.get(key), undefined);
    return super.delete(key);
  }
}
