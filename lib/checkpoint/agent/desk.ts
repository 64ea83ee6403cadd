import { Credit, type Envelope, type Link, type LinkHandlers, type SerialPages } from "../wire/index.ts";
import type { PageBatch } from "../words.ts";
import type { Exchange, Handlers, LastAnswer } from "./exchange.ts";
import { AgentFailure, detailOf } from "./failure.ts";

const mostOpen = 256;

type Take<T, R> = (given: T) => Promise<R>;

/** Who takes what comes for a request: known a little later than the request itself. */
class Taker<T, R> {
  readonly #known: Promise<Take<T, R> | undefined>;
  /** undefined: nobody, the request has ended. */
  settle: (take: Take<T, R> | undefined) => void = () => undefined;
  constructor() {
    this.#known = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
  get known(): Promise<Take<T, R> | undefined> {
    return this.#known;
  }
}

interface Open {
  readonly abort: AbortController;
  readonly messages: Taker<Envelope, LastAnswer>;
  readonly pages: Taker<PageBatch, void>;
  /** Of pages that go to the engine. */
  readonly credit: Credit;
}

/** Gives each request of the engine's to its handler, and its answers back. */
export class Desk implements LinkHandlers {
  readonly #handlers: Handlers;
  readonly #open = new Map<number, Open>();
  readonly #running = new Set<Promise<void>>();
  #link: Link | undefined;
  #ending: AgentFailure | undefined;

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
  }

  begin(link: Link): void {
    this.#link = link;
  }

  /** Calls everything off, and resolves when all of it has ended. */
  async end(why: string): Promise<void> {
    this.#ending = new AgentFailure("interrupted", why);
    for (const { abort } of this.#open.values()) abort.abort(this.#ending);
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  onMessage(message: Envelope): void {
    if (message.kind === "credit") {
      const open = message.of === undefined ? undefined : this.#open.get(message.of);
      if (typeof message.frames === "number") open?.credit.give(message.frames);
      return; // without an answer
    }
    const run = this.#serve(message).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async onPages({ serial, batch }: SerialPages): Promise<void> {
    const open = this.#open.get(serial);
    // Of a request that has failed already: what was on its way is let fall.
    const take = await open?.pages.known;
    if (!open || !take || open.abort.signal.aborted) return;
    try {
      await take(batch);
    } catch (error) {
      open.abort.abort(error);
    }
  }

  async #serve(message: Envelope): Promise<void> {
    const { serial } = message;
    try {
      const answer = await this.#answerOf(message);
      await this.#send({ ...answer, serial });
    } catch (error) {
      const failure =
        error instanceof AgentFailure
          ? error
          : new AgentFailure("interrupted", "Something on the host did not go as expected.", error);
      const { failure: kind, detail } = failure;
      await this.#send({ kind: "failed", serial, failure: kind, words: failure.message, detail });
    }
  }

  async #answerOf(message: Envelope): Promise<LastAnswer> {
    if (this.#ending) throw this.#ending;
    const { kind, serial, of } = message;
    if (kind === "cancel") {
      if (of !== undefined) this.#open.get(of)?.abort.abort(new AgentFailure("interrupted", "It was called off."));
      return { kind: "done", words: "Called off." };
    }
    if (of !== undefined) {
      const take = await this.#open.get(of)?.messages.known;
      if (!take) throw new AgentFailure("interrupted", "What this belongs to has ended, or waits for nothing.");
      return await take(message);
    }
    const handler = this.#handlers[kind];
    if (!handler) throw new AgentFailure("not-possible", `The agent does not know "${kind}".`);
    if (this.#open.has(serial)) throw new AgentFailure("not-possible", `The serial ${serial} is in use.`);
    if (this.#open.size >= mostOpen) throw new AgentFailure("interrupted", "The agent has too much to do.");
    const credit = new Credit();
    const open: Open = { abort: new AbortController(), messages: new Taker(), pages: new Taker(), credit };
    open.abort.signal.addEventListener("abort", () => credit.end(), { once: true });
    this.#open.set(serial, open);
    try {
      return await handler(message, this.#exchange(serial, open));
    } finally {
      this.#open.delete(serial);
      credit.end();
      open.messages.settle(undefined);
      open.pages.settle(undefined);
    }
  }

  #exchange(serial: number, open: Open): Exchange {
    return {
      serial,
      signal: open.abort.signal,
      send: (answer) => this.#must().send({ ...answer, serial }),
      sendPages: async (batch) => {
        await open.credit.take();
        open.abort.signal.throwIfAborted();
        await this.#must().sendPages(serial, batch);
      },
      onMessage: (take) => open.messages.settle(take),
      onPages: (take) => open.pages.settle(take),
    };
  }

  #must(): Link {
    if (!this.#link) throw new AgentFailure("interrupted", "The engine is not there yet.");
    return this.#link;
  }

  /** The last word on a request: nobody is left to tell when the engine is gone. */
  async #send(message: Envelope): Promise<void> {
    try {
      await this.#must().send(message);
    } catch (error) {
      process.stderr.write(`an answer was not sent: ${detailOf(error)}\n`);
    }
  }
}
