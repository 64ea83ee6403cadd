import type { MessageName } from "../protocol/table.ts";

type Handler = (message: unknown) => void;

/** Events that came before the answer to their registration; more than this at once would be a flood, not a race. */
const maxEarly = 256;

/** Brings each event to its subscription, by the callback id that libvirt gave at the registration. */
export class EventHub {
  readonly #handlers = new Map<MessageName, Map<number, Handler>>();
  readonly #ends = new Set<(error: Error | undefined) => void>();
  #registering = 0;
  #early: { readonly name: MessageName; readonly id: number; readonly message: unknown }[] = [];

  /** libvirt may send an event before the answer that tells its callback id: from here on such events are kept. */
  registrationBegins(): void {
    this.#registering += 1;
  }

  registrationEnds(): void {
    this.#registering -= 1;
    if (this.#registering === 0) this.#early = [];
  }

  add(name: MessageName, id: number, handler: Handler): void {
    const ofName = this.#handlers.get(name) ?? new Map<number, Handler>();
    this.#handlers.set(name, ofName.set(id, handler));
    const early = this.#early.filter((one) => one.name === name && one.id === id);
    this.#early = this.#early.filter((one) => !early.includes(one));
    for (const { message } of early) handler(message);
  }

  remove(name: MessageName, id: number): void {
    this.#handlers.get(name)?.delete(id);
  }

  /** An event without a handler belongs to a subscription that was just closed, unless one is just being opened. */
  dispatch(name: MessageName, message: unknown): void {
    const id = callbackIdOf(message);
    const handler = this.#handlers.get(name)?.get(id);
    if (handler) handler(message);
    else if (this.#registering > 0 && this.#early.length < maxEarly) this.#early.push({ name, id, message });
  }

  /** `end` is called when the connection ends; returns how to take that back. */
  whenEnded(end: (error: Error | undefined) => void): () => void {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  /** Without an error: the connection was closed by its own user. */
  end(error: Error | undefined): void {
    for (const end of this.#ends) end(error);
    this.#ends.clear();
    this.#handlers.clear();
  }
}

function callbackIdOf(message: unknown): number {
  const id = typeof message === "object" && message && "callbackID" in message ? message.callbackID : undefined;
  return typeof id === "number" ? id : -1;
}
