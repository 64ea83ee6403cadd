import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { type ProviderEvent, providerEvent } from "../../contract/index.ts";
import { ManagerError } from "../servers.ts";
import { hearFrame } from "./frames.ts";

/**
 * The manager behind an address of its own instead of a standing connection: each message is a POST, signed as Standard Webhooks say.
 * A signature of another secret, or older than five minutes, is refused; within these a message that comes again is the same one, and
 * its id shows it.
 */

export interface WebhookEars {
  /** Resolves when it is in the journal: only then is the delivery confirmed. */
  message(event: ProviderEvent): Promise<void>;
}

export interface WebhookLink {
  readonly port: number;
  close(): Promise<void>;
}

const mostBytes = 1024 * 1024;
const readMs = 10_000;

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if (!(part instanceof Buffer)) return undefined;
    size += part.length;
    if (size > mostBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

export async function startWebhook(options: {
  readonly port: number;
  readonly host?: string;
  readonly secret: string;
  readonly ears: WebhookEars;
  readonly log: (words: string) => void;
}): Promise<WebhookLink> {
  const { ears, log } = options;
  const signed = verifier(options.secret);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, words: string) => {
      response
        .writeHead(status, { "content-type": "text/plain; charset=utf-8", connection: "close" })
        .end(`${words}\n`);
    };
    if (request.method !== "POST") return say(405, "Messages are POSTed.");
    const body = await bodyOf(request);
    if (body === undefined) return say(413, "The message is too large.");
    try {
      signed.verify(body, {
        "webhook-id": header(request, "webhook-id"),
        "webhook-timestamp": header(request, "webhook-timestamp"),
        "webhook-signature": header(request, "webhook-signature"),
      });
    } catch {
      log("A message whose signature does not hold, or is too old, was refused.");
      return say(401, "The signature does not hold, or is too old.");
    }
    const event = providerEvent.safeParse(JSON.parse(body));
    if (!event.success) {
      const heard = hearFrame(`{"type":"message","message":${body}}`);
      // A kind that we do not know, as the provider's test of this address: it is confirmed, so that it does not come again for ever.
      return heard.is === "unknown" ? say(204, "") : say(400, "The message has not the form of the protocol.");
    }
    await ears.message(event.data);
    say(204, "");
  }

  const server = createServer({ requestTimeout: readMs, headersTimeout: readMs }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      log(`A message could not be taken: ${error instanceof Error ? error.message : String(error)}`);
      if (!response.headersSent) response.writeHead(503);
      response.end();
    });
  });
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new ManagerError(
          {
            code: "cannot-listen",
            message: `Port ${options.port} cannot be listened on.`,
            cure: "Choose another with --listen.",
          },
          { cause },
        ),
      ),
    );
    server.listen(options.port, options.host ?? "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const header = (request: IncomingMessage, name: string): string => {
  const value = request.headers[name];
  return typeof value === "string" ? value : "";
};

function verifier(secret: string): Webhook {
  try {
    return new Webhook(secret);
  } catch (cause) {
    throw new ManagerError(
      {
        code: "secret-unreadable",
        message: "The secret of the provider's deliveries is none.",
        cure: "Set BELAY_WEBHOOK_SECRET to what the page Manager showed when the address was set: it begins with whsec_.",
      },
      { cause },
    );
  }
}
