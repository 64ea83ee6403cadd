import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { PageBatch } from "../words.ts";
import { BrokenFrame, FrameReader, frameHeader, frameTypes, type RawFrame } from "./frame.ts";
import { type Envelope, envelope } from "./messages.ts";
import { decodePages, encodePages, type SerialPages } from "./pages.ts";

export interface LinkHandlers {
  /** What is returned is waited for before the next frame is read: so a slow reader holds the other end back. */
  onMessage(message: Envelope): void | Promise<void>;
  onPages(pages: SerialPages): void | Promise<void>;
}

/** The connection is over: nothing more can be sent. */
export class LinkClosed extends Error {
  override readonly name = "LinkClosed";
}

/** Both ends' view of the byte stream between them. Ends when the input does, when the output breaks, and at a broken frame. */
export class Link {
  readonly #output: Writable;
  readonly #input: Readable;
  #over = false;
  #end: (error: Error | undefined) => void = () => undefined;
  /** Fulfilled when it is over: undefined where the other end simply left. Never rejects. */
  readonly closed: Promise<Error | undefined>;

  constructor(input: Readable, output: Writable, handlers: LinkHandlers) {
    this.#input = input;
    this.#output = output;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    output.on("error", (error) => this.#finish(error));
    output.on("close", () => this.#finish(undefined));
    void this.#read(handlers);
  }

  async #read(handlers: LinkHandlers): Promise<void> {
    const reader = new FrameReader();
    try {
      for await (const chunk of this.#input) {
        for (const frame of reader.push(chunk)) await dispatch(frame, handlers);
        if (this.#over) return;
      }
      this.#finish(undefined);
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #finish(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#end(error);
    this.#input.destroy();
    this.#output.end();
    this.#output.emit("drain"); // whoever waits for room learns that there is none
  }

  get isClosed(): boolean {
    return this.#over;
  }

  /** Resolves when there is room for more. Throws `LinkClosed`. */
  async send(message: Envelope): Promise<void> {
    const payload = Buffer.from(JSON.stringify(message));
    await this.#write([frameHeader(frameTypes.json, payload.length), payload]);
  }

  /** The same for pages. `batch.data` must not be changed before it resolves, nor after: it may still be on its way. */
  async sendPages(serial: number, batch: PageBatch): Promise<void> {
    await this.#write(encodePages(serial, batch));
  }

  async #write(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#over) throw new LinkClosed("The connection between Belay and its agent is over.");
    this.#output.cork();
    for (const piece of pieces) if (piece.length > 0) this.#output.write(piece);
    this.#output.uncork();
    if (this.#output.writableNeedDrain) await once(this.#output, "drain");
    if (this.#over) throw new LinkClosed("The connection between Belay and its agent is over.");
  }

  /** Ends it; what was written before is still sent. */
  close(): void {
    this.#finish(undefined);
  }
}

function dispatch(frame: RawFrame, handlers: LinkHandlers): void | Promise<void> {
  if (frame.type === frameTypes.pages) return handlers.onPages(decodePages(frame.payload));
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(frame.payload).toString("utf8"));
  } catch (cause) {
    throw new BrokenFrame("A message is no JSON.", { cause });
  }
  const read = envelope.safeParse(value);
  if (!read.success) throw new BrokenFrame("A message has no kind or serial.");
  return handlers.onMessage(read.data);
}
