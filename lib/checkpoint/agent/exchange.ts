import type { Envelope } from "../wire/index.ts";
import type { PageBatch } from "../words.ts";

/** One request of the engine's that is being carried out, as its handler sees it. */
export interface Exchange {
  readonly serial: number;
  /** Aborted by `cancel`, and when the engine is gone or the agent is told to end: then what was begun is taken back. */
  readonly signal: AbortSignal;
  /** Answers that come before the last one. Resolves when there is room for more; throws when the engine is gone. */
  send(answer: { readonly kind: string; readonly [more: string]: unknown }): Promise<void>;
  sendPages(batch: PageBatch): Promise<void>;
  /** Later messages that name this request by `of`, one after the other. What is thrown fails that message alone. */
  onMessage(take: (message: Envelope) => Promise<LastAnswer>): void;
  /** Pages that the engine sends for this request. While it resolves nothing more is read. What is thrown fails this request. */
  onPages(take: (batch: PageBatch) => Promise<void>): void;
}

/** What ends a request: `{ kind: "done", words, result }`, or an answer of its own. */
export type LastAnswer =
  | { readonly kind: "done"; readonly words: string; readonly result?: unknown }
  | { readonly kind: "ready" | "offer"; readonly [more: string]: unknown };

/** Carries out one kind of request. Throws `AgentFailure` where it cannot; anything else counts as "interrupted". */
export type Handler = (message: Envelope, exchange: Exchange) => Promise<LastAnswer>;
export type Handlers = Readonly<Record<string, Handler>>;
