import { readFile } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { type ErrorBody, errorBody } from "../../lib/contract/index.ts";
import { Failure } from "../kit/failure.ts";
import { inProject } from "../kit/project.ts";

/** A refusal of the server: its own words and cure, and what it looked at. */
export class Refused extends Failure {
  readonly code: string;
  readonly checks: ErrorBody["error"]["checks"];
  constructor({ code, message, field, cure, checks }: ErrorBody["error"]) {
    super(field === undefined || message.includes(field) ? message : `${message} (${field})`, cure);
    this.code = code;
    this.checks = checks;
  }
}

/** The server, as the operator on its own machine asks it. */
export interface OperatorClient {
  /** Where a browser opens it. */
  readonly url: string;
  /** The reply, as `reply` says it is. Throws `Refused`, or a `Failure` where the server does not answer. */
  ask<T>(method: "GET" | "POST" | "PUT" | "PATCH", route: string, reply: z.ZodType<T>, body?: unknown): Promise<T>;
  remove(route: string): Promise<void>;
}

export interface ClientOptions {
  readonly url: string;
  /** Throws where there is none. */
  token(): Promise<string>;
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const howToStart = "Start it: npm start. If it runs with a PORT, HOST or BELAY_DATA of its own, set the same here.";

async function refusalOf(response: Response): Promise<Failure> {
  const text = await response.text();
  try {
    return new Refused(errorBody.parse(JSON.parse(text)).error);
  } catch {
    return new Failure(`Belay answered ${response.status}, and not in its own words.`, "Look into the server's log.");
  }
}

export function operatorClient(options: ClientOptions): OperatorClient {
  const { url, timeoutMs = 60_000, signal, fetch: send = (request) => fetch(request) } = options;

  async function exchange(method: string, route: string, body?: unknown): Promise<Response> {
    const token = await options.token();
    const request = new Request(`${url}/api/v1${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
    });
    const response = await send(request).catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw new Failure(`Belay does not answer at ${url}.`, howToStart, { cause });
    });
    if (response.status === 401)
      throw new Failure(
        `The server at ${url} does not know this operator's token.`,
        "It is another server's: set BELAY_DATA to the data directory of the one that listens there.",
      );
    if (!response.ok) throw await refusalOf(response);
    return response;
  }

  return {
    url,
    async ask(method, route, reply, body) {
      const response = await exchange(method, route, body);
      const parsed = reply.safeParse(await response.json().catch(() => undefined));
      if (parsed.success) return parsed.data;
      throw new Failure(
        `Belay's answer to ${method} ${route} has another form than this command expects.`,
        "Start the server and this command from the same version.",
        { cause: parsed.error },
      );
    },
    async remove(route) {
      await exchange("DELETE", route);
    },
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

const everywhere = (host: string) => host === "0.0.0.0" || host === "::";

/** The server that PORT, HOST and BELAY_DATA name, by the token in its data directory. */
export function clientOf(env: Environment, more: Pick<ClientOptions, "signal" | "timeoutMs"> = {}): OperatorClient {
  const host = env.HOST && !everywhere(env.HOST) ? env.HOST : "127.0.0.1";
  const dataDir = path.resolve(inProject(), env.BELAY_DATA || ".data/belay");
  const file = path.join(dataDir, "operator-token");
  return operatorClient({
    ...more,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${env.PORT || "3000"}`,
    async token() {
      try {
        return (await readFile(file, "utf8")).trim();
      } catch (cause) {
        const there = cause instanceof Error && "code" in cause && cause.code !== "ENOENT";
        throw there
          ? new Failure(`The operator's token in ${file} cannot be read.`, "Run this as who runs the server.", {
              cause,
            })
          : new Failure(`There is no operator's token in ${dataDir}: no Belay was started there.`, howToStart, {
              cause,
            });
      }
    },
  });
}
