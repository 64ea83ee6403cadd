import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { isIPv4, type LookupFunction } from "node:net";
import type { CheckedUrl } from "./checked-url.ts";

export type Answered =
  | { readonly kind: "status"; readonly status: number }
  /** No answer: `words` say why. */
  | { readonly kind: "none"; readonly words: string };

/** Gives the addresses that were checked, whatever the name says by now: else a DNS that changes its mind would lead us anywhere. */
const onlyThese =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, answer) => {
    const found = addresses.map((address) => ({ address, family: isIPv4(address) ? 4 : 6 }));
    const [first] = found;
    if (first === undefined) answer(new Error("the endpoint has no address"), "", 0);
    else if (all === true) answer(null, found);
    else answer(null, first.address, first.family);
  };

const plainWords: Record<string, string> = {
  ECONNREFUSED: "Nobody listens at the endpoint.",
  ECONNRESET: "The endpoint ended the connection without an answer.",
  EHOSTUNREACH: "The endpoint cannot be reached.",
  ENETUNREACH: "The endpoint cannot be reached.",
  ETIMEDOUT: "The endpoint cannot be reached.",
  CERT_HAS_EXPIRED: "The endpoint's certificate has expired.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The endpoint's certificate is signed by nobody that is known.",
  SELF_SIGNED_CERT_IN_CHAIN: "The endpoint's certificate is signed by nobody that is known.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The endpoint's certificate is signed by nobody that is known.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The endpoint's certificate is for another name.",
};

const wordsOf = (error: Error): string =>
  ("code" in error && typeof error.code === "string" && plainWords[error.code]) ||
  "The endpoint did not answer as HTTP does.";

/**
 * POSTs once, to the addresses that were checked, and looks at the answer's status alone: redirects lead to addresses that nobody
 * checked, and what an endpoint says is nobody's business.
 */
export function post(
  { url, addresses }: CheckedUrl,
  sent: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Answered> {
  return new Promise((resolve) => {
    const begin = url.protocol === "https:" ? secureRequest : plainRequest;
    const request = begin(url, {
      method: "POST",
      agent: false, // a connection of its own: a kept one would go to an address that was checked long ago
      lookup: onlyThese(addresses),
      headers: {
        ...sent.headers,
        "content-type": "application/cloudevents+json; charset=utf-8",
        "content-length": Buffer.byteLength(sent.body),
        "user-agent": "belay/1",
        connection: "close",
      },
    });
    const end = (answered: Answered) => {
      clearTimeout(late);
      signal?.removeEventListener("abort", stop);
      resolve(answered);
      request.destroy();
    };
    const late = setTimeout(
      () => end({ kind: "none", words: `The endpoint did not answer within ${timeoutMs / 1000} seconds.` }),
      timeoutMs,
    );
    const stop = () => end({ kind: "none", words: "Belay is stopping." });
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) return stop();
    request.on("response", ({ statusCode = 0 }) => end({ kind: "status", status: statusCode }));
    request.on("error", (error) => end({ kind: "none", words: wordsOf(error) }));
    request.end(sent.body);
  });
}
