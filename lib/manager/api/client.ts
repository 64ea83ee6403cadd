import { z } from "zod";
import { ManagerError } from "../servers.ts";

/** The provider's API with the organization's key. */
export interface Api {
  readonly url: string;
  ask<T>(method: "GET" | "POST" | "PATCH" | "DELETE", route: string, reply: z.ZodType<T>, more?: Asked): Promise<T>;
}

export interface Asked {
  readonly body?: unknown;
  /** The same key twice is the same request. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

const errorReply = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    cure: z.string().optional(),
  }),
});

const timeoutMs = 20_000;

/** Whether the same request may be answered otherwise in a moment. */
export const isPassing = (error: unknown): boolean =>
  error instanceof ManagerError && (error.code === "provider-away" || error.code === "not-available");

export function createApi(url: string, key: string, send: typeof fetch = fetch): Api {
  const base = url.replace(/\/+$/, "");
  return {
    url: base,
    async ask(method, route, reply, { body, idempotencyKey, signal } = {}) {
      const response = await send(`${base}/api/v1${route}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
      }).catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw new ManagerError(
          {
            code: "provider-away",
            message: `The provider does not answer at ${base}.`,
            cure: "Look whether the address is right (BELAY_URL, or belay.url in the description) and Belay runs.",
          },
          { cause },
        );
      });
      const text = await response.text();
      if (!response.ok) throw refusal(response.status, text);
      const parsed = reply.safeParse(text === "" ? undefined : jsonOf(text));
      if (parsed.success) return parsed.data;
      throw new ManagerError(
        {
          code: "answer-unreadable",
          message: `The provider's answer to ${method} ${route} has another form than this manager expects.`,
          cure: "Use a manager of the provider's version.",
        },
        { cause: parsed.error },
      );
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(status: number, text: string): ManagerError {
  const told = errorReply.safeParse(jsonOf(text));
  if (status === 401)
    return new ManagerError({
      code: "key-refused",
      message: "The provider does not know this key.",
      cure: "Make one on the page Manager, and set BELAY_KEY.",
    });
  if (told.success) {
    const { code, message, field, cure } = told.data.error;
    return new ManagerError({
      code,
      message,
      ...(field !== undefined && { field }),
      ...(cure !== undefined && { cure }),
    });
  }
  return new ManagerError({
    code: status >= 500 ? "provider-away" : "answer-unreadable",
    message: `The provider answered ${status}, and not in its own words.`,
    cure: "Look whether the address is that of Belay.",
  });
}
