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

/** How often anything was written to tables that share it: whoever looks at them knows when nothing did change. */
export interface Changes {
  count: number;
}

/** A table in memory: a map that keeps its indexes and counts its changes. */
export class Rows<K, V> extends Map<K, V> {
  readonly #changes: Changes;
  #indexes: Index<K, V>[] = [];

  constructor(changes: Changes) {
    super();
    this.#changes = changes;
  }

  indexBy(groupOf: (row: V) => string | undefined): Index<K, V> {
    const index = new Index<K, V>(groupOf);
    for (const [key, row] of this) index.move(key, undefined, row);
    this.#indexes.push(index);
    return index;
  }

  override set(key: K, row: V): this {
    this.#changes.count++;
    for (const index of this.#indexes) index.move(key, this.get(key), row);
    return super.set(key, row);
  }

  override delete(key: K): boolean {
    this.#changes.count++;
    for (const index of this.#indexes) index.move(key, this.get(key), undefined);
    return super.delete(key);
  }
}
