import type { z } from "zod";
import { type ErrorBody, errorBody } from "../contract/index.ts";
import { noteServerDate } from "./server-clock.ts";

/**
 * Why a call did not work, as a value. `refused`: the server said no, with what to do about it. `unreachable`: nobody answered in time.
 * `garbled`: something answered that is not Belay's API (a proxy's page, another version).
 */
export type Refusal =
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly field: string | undefined;
      readonly cure: string | undefined;
    }
  | { readonly kind: "unreachable" | "garbled"; readonly message: string; readonly cure: string };

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export interface Call<T> {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The shape of the reply; what does not fit is `garbled`, never passed on. */
  readonly reply: z.ZodType<T>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 10_000;

const unreachable = (message: string): Refusal => ({
  kind: "unreachable",
  message,
  cure: "Check that the server runs and that this machine reaches it, then try again.",
});

const garbled = (message: string): Refusal => ({
  kind: "garbled",
  message,
  cure: "Reload the page: it may be of another version than the server.",
});

/** A proxy's word for "nobody is there", or the server's own while it starts without its API. */
const answersBadly = (path: string, status: number): Refusal =>
  status >= 500
    ? unreachable(`The server is not there yet, or not any more (status ${status}).`)
    : garbled(`The answer to ${path} (status ${status}) is not of Belay's API.`);

const refused = (status: number, { error }: ErrorBody): Refusal => ({
  kind: "refused",
  status,
  code: error.code,
  message: error.message,
  field: error.field,
  cure: error.cure,
});

/** One request to Belay's API. Never throws: what goes wrong is a `Refusal`. */
export async function call<T>(path: string, options: Call<T>): Promise<Result<T>> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  const init: RequestInit = {
    method: options.method ?? "GET",
    credentials: "same-origin",
    signal: options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]),
    headers: { accept: "application/json", ...options.headers },
  };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { ...init.headers, "content-type": "application/json" };
  }
  let status: number;
  let json: unknown;
  try {
    const response = await fetch(path, init);
    noteServerDate(response.headers.get("date"));
    status = response.status;
    const text = await response.text();
    try {
      json = text === "" ? null : JSON.parse(text);
    } catch {
      return { ok: false, refusal: answersBadly(path, status) };
    }
  } catch {
    return {
      ok: false,
      refusal: unreachable(deadline.aborted ? "The server did not answer in time." : "The server cannot be reached."),
    };
  }
  if (status >= 400) {
    const body = errorBody.safeParse(json);
    return {
      ok: false,
      refusal: body.success ? refused(status, body.data) : answersBadly(path, status),
    };
  }
  const reply = options.reply.safeParse(json);
  return reply.success
    ? { ok: true, value: reply.data }
    : { ok: false, refusal: garbled(`The answer to ${path} has another shape than this page knows.`) };
}

/** A refusal as an Error, for react-query, which passes errors by throwing. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = "Refused";
    this.refusal = refusal;
  }
}

export async function orThrow<T>(result: Promise<Result<T>>): Promise<T> {
  const it = await result;
  if (it.ok) return it.value;
  throw new Refused(it.refusal);
}

/** True where signing in again is the cure. */
export const isSignedOut = (error: unknown): boolean =>
  error instanceof Refused && error.refusal.kind === "refused" && error.refusal.code === "not-signed-in";
