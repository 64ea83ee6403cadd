/** Lets at most `most` work at a time; of those that wait, the one with the highest priority is next, then the one that came first. */
export class PriorityGate {
  #running = 0;
  readonly #waiting: { readonly priority: number; readonly go: () => void }[] = [];

  async run<T>(most: number, priority: number, work: () => Promise<T>): Promise<T> {
    if (this.#running < most) this.#running++;
    else
      await new Promise<void>((go) => {
        const at = this.#waiting.findIndex((it) => it.priority < priority);
        this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, { priority, go });
      });
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift(); // whoever leaves hands over their place
      if (next === undefined) this.#running--;
      else next.go();
    }
  }
}
