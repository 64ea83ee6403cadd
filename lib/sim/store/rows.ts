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

/** A table in memory: a map that keeps its indexes and counts its changes, so that whoever looks at it knows when nothing did change. */
export class Rows<K, V> extends Map<K, V> {
  changes = 0;
  #indexes: Index<K, V>[] = [];

  indexBy(groupOf: (row: V) => string | undefined): Index<K, V> {
    const index = new Index<K, V>(groupOf);
    for (const [key, row] of this) index.move(key, undefined, row);
    this.#indexes.push(index);
    return index;
  }

  override set(key: K, row: V): this {
    this.changes++;
    for (const index of this.#indexes) index.move(key, this.get(key), row);
    return super.set(key, row);
  }

  override delete(key: K): boolean {
    this.changes++;
    for (const index of this.#indexes) index.move(key, this.get(key), undefined);
    return super.delete(key);
  }
}
