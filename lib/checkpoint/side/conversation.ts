import type { Duplex } from "node:stream";
import {
  type Answer,
  creditFrames,
  creditStep,
  type Envelope,
  Link,
  LinkClosed,
  type Request,
  readAnswer,
} from "../wire/index.ts";
import type { PageBatch } from "../words.ts";

/** What the agent answered: it could not do it. `detail` is the provider's. */
export class AgentRefused extends Error {
  override readonly name = "AgentRefused";
  readonly failure: Extract<Answer, { kind: "failed" }>["failure"];
  readonly detail: string | null;
  constructor({ failure, words, detail }: Pick<Extract<Answer, { kind: "failed" }>, "failure" | "words" | "detail">) {
    super(words);
    this.failure = failure;
    this.detail = detail;
  }
}

export type Heard =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "pages"; readonly batch: PageBatch };
type Without<T> = T extends unknown ? Omit<T, "serial"> : never;
/** Requests of the wire, and those that are beside their handlers. */
export type Asked =
  | Without<Request>
  | { readonly kind: string; readonly of?: number; readonly [more: string]: unknown };
export type Done = Extract<Answer, { kind: "done" }>;

const endKinds: ReadonlySet<string> = new Set(["done", "failed", "ready", "offer", "held"]);
/** Answers of one request that nobody has read yet: beyond it the whole channel is held back. Of pages an agent sends no more than it has credit for. */
const mostWaiting = 2 * creditFrames;

/** One request that is open: what is heard of it, in order. */
export class Exchange implements AsyncIterable<Heard> {
  readonly serial: number;
  readonly #link: () => Link;
  readonly #waiting: Heard[] = [];
  #over: { readonly error: Error | undefined } | undefined;
  #heard = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();
  /** Frames of pages that were read since credit was given. */
  #taken = 0;

  constructor(serial: number, link: () => Link) {
    this.serial = serial;
    this.#link = link;
  }

  /** Resolves when there is room for more: what is read from the wire waits for it. */
  async put(heard: Heard): Promise<void> {
    if (this.#over !== undefined) return;
    this.#waiting.push(heard);
    this.#heard.resolve();
    while (this.#waiting.length > mostWaiting && this.#over === undefined) {
      this.#room = Promise.withResolvers<void>();
      await this.#room.promise;
    }
  }

  end(error?: Error): void {
    if (this.#over !== undefined) return;
    this.#over = { error };
    this.#heard.resolve();
    this.#room.resolve();
  }

  /** The next; undefined after its end. Throws what it failed with. */
  async next(): Promise<Heard | undefined> {
    for (;;) {
      const first = this.#waiting.shift();
      if (first !== undefined) {
        this.#room.resolve();
        if (first.kind === "pages") this.#giveCredit();
        return first;
      }
      if (this.#over !== undefined) {
        if (this.#over.error !== undefined) throw this.#over.error;
        return undefined;
      }
      this.#heard = Promise.withResolvers<void>();
      await this.#heard.promise;
    }
  }

  #giveCredit(): void {
    this.#taken += 1;
    if (this.#taken < creditStep) return;
    const credit = { kind: "credit", serial: 0, of: this.serial, frames: this.#taken };
    this.#taken = 0;
    this.#link()
      .send(credit)
      .catch(() => undefined); // the channel is over, which is heard elsewhere
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Heard, void> {
    for (let heard = await this.next(); heard !== undefined; heard = await this.next()) yield heard;
  }

  sendPages(batch: PageBatch): Promise<void> {
    return this.#link().sendPages(this.serial, batch);
  }
}

/** The engine's end of one agent's channel: requests, each with answers of its own, at the same time. */
export class Conversation {
  readonly #link: Link;
  readonly #open = new Map<number, Exchange>();
  #serial = 0;
  /** Fulfilled when the channel is over, with why; never rejects. */
  readonly closed: Promise<Error | undefined>;

  constructor(stream: Duplex) {
    this.#link = new Link(stream, stream, {
      onMessage: (message) => this.#hear(message),
      onPages: ({ serial, batch }) => this.#open.get(serial)?.put({ kind: "pages", batch }),
    });
    this.closed = this.#link.closed.then((error) => {
      const lost = new LinkClosed(`The agent's channel ended${error === undefined ? "" : `: ${error.message}`}.`);
      for (const exchange of this.#open.values()) exchange.end(lost);
      this.#open.clear();
      return error;
    });
  }

  get isClosed(): boolean {
    return this.#link.isClosed;
  }

  /** Begins a request. Whoever begins it reads it to its end. */
  async begin(request: Asked): Promise<Exchange> {
    this.#serial += 1;
    const exchange = new Exchange(this.#serial, () => this.#link);
    this.#open.set(exchange.serial, exchange);
    try {
      await this.#link.send({ ...request, serial: exchange.serial });
    } catch (error) {
      this.#open.delete(exchange.serial);
      throw error;
    }
    return exchange;
  }

  /** A request of which only the end is wanted. Throws `AgentRefused`, `LinkClosed`, or the signal's reason. */
  async ask(request: Asked, signal?: AbortSignal): Promise<Answer> {
    const exchange = await this.begin(request);
    return this.last(exchange, () => undefined, signal);
  }

  /** Reads an exchange to its end. */
  async last(exchange: Exchange, on: (answer: Answer) => void, signal?: AbortSignal): Promise<Answer> {
    const stop = () => exchange.end(signal?.reason instanceof Error ? signal.reason : new Error("called off"));
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    try {
      let last: Answer | undefined;
      for await (const heard of exchange) {
        if (heard.kind !== "answer") continue;
        last = heard.answer;
        on(last);
      }
      if (last === undefined) throw new LinkClosed("The agent's channel ended without an answer.");
      return last;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  close(): void {
    this.#link.close();
  }

  async #hear(message: Envelope): Promise<void> {
    const exchange = this.#open.get(message.serial);
    const answer = readAnswer(message);
    if (exchange === undefined || answer === undefined) return; // of a request that nobody waits for any more
    if (answer.kind === "failed") {
      this.#open.delete(exchange.serial);
      exchange.end(new AgentRefused(answer));
      return;
    }
    const ends = endKinds.has(answer.kind);
    if (ends) this.#open.delete(exchange.serial);
    const taken = exchange.put({ kind: "answer", answer });
    if (ends) exchange.end();
    else await taken;
  }
}
