import { deferred } from "../deferred.ts";

/** Open at first. */
export class Gate {
  #closed: ReturnType<typeof deferred<void>> | undefined;

  /** Waited for by whoever wants to pass; undefined where it is open. */
  get open(): Promise<void> | undefined {
    return this.#closed?.promise;
  }

  let(open: boolean): void {
    if (!open) this.#closed ??= deferred<void>();
    else {
      this.#closed?.resolve();
      this.#closed = undefined;
    }
  }
}
