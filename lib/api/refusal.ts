import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ErrorBody } from "../contract/index.ts";
import type { Log } from "../engine/ports.ts";
import { BelayError, errorCodes } from "../model/index.ts";
import { HostNotReady } from "../service/index.ts";
import { isDatabaseAway } from "./database-away.ts";

/** The body of a refusal. Left-out facts are left out of the JSON. */
export const refusal = (
  code: string,
  message: string,
  more: { field?: string | undefined; cure?: string | undefined } = {},
): ErrorBody => ({
  error: { code, message, ...(more.field && { field: more.field }), ...(more.cure && { cure: more.cure }) },
});

export const notSignedIn = refusal("not-signed-in", "Nobody is signed in.", {
  cure: "Sign in, or send a key or the operator's token as Authorization: Bearer.",
});

const headerNames: Record<string, string> = { "idempotency-key": "Idempotency-Key" };

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is wrong with an input, by the first thing that is. `target` says which part of the request it was. */
export function badInput(issues: readonly Issue[], target: string): ErrorBody {
  const issue = issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  const field = target === "header" ? (headerNames[path] ?? path) : path === "" ? "body" : path;
  const message = `${field}: ${issue?.message ?? "not valid"}`;
  return refusal("bad-input", message, { field, cure: "The forms of all requests are at /api/v1/openapi.json." });
}

/** Every error that leaves a route, as a person can use it. What is ours alone is logged and not shown. */
export const onError = (log: Log) => (error: Error, c: Context) => {
  if (error instanceof BelayError) {
    const body = refusal(error.code, error.message, error);
    if (error instanceof HostNotReady) body.error.checks = error.checks;
    return c.json(body, errorCodes[error.code]);
  }
  if (error instanceof HTTPException)
    return c.json(
      refusal("bad-input", error.message || "The request could not be read.", {
        field: "body",
        cure: "Send JSON with the header Content-Type: application/json.",
      }),
      error.status,
    );
  if (isDatabaseAway(error)) {
    log.warn("a request found the database away", { method: c.req.method, path: c.req.path, error });
    c.header("retry-after", "2");
    return c.json(
      refusal("not-available", "Belay's database does not answer.", { cure: "Try again in a few seconds." }),
      errorCodes["not-available"],
    );
  }
  const id = crypto.randomUUID();
  log.error("a request failed inside", { id, method: c.req.method, path: c.req.path, error });
  return c.json(refusal("internal", "Belay failed inside.", { cure: `Look for ${id} in the server's log.` }), 500);
};
