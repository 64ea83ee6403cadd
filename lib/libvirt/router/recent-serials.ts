/**
 * Serials of calls that were given up while libvirt still works on them: their late answers are no error. Bounded: the oldest
 * are forgotten, and an answer that comes even later than that closes the connection, like any answer nobody asked for.
 */
export class RecentSerials {
  readonly #limit: number;
  readonly #serials = new Set<number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(serial: number): void {
    this.#serials.add(serial);
    if (this.#serials.size <= this.#limit) return;
    for (const oldest of this.#serials) {
      this.#serials.delete(oldest);
      return;
    }
  }

  has(serial: number): boolean {
    return this.#serials.has(serial);
  }

  delete(serial: number): boolean {
    return this.#serials.delete(serial);
  }
}
