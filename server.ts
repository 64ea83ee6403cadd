import { existsSync } from "node:fs";
import { createServer, type RequestListener, Server } from "node:http";
import path from "node:path";
import type { Running } from "./lib/boot/index.ts";

/**
 * Belay's one process: Next pages, API, live connections, engine. `--role web,engine` says which of them, `--dev` compiles pages as
 * they are opened. Prints one line on stdout when it can be used, and tells everything else on stderr.
 */

const dev = process.argv.includes("--dev");
// Libraries read this while they are loaded, so it is said before they are.
if (!process.env.NODE_ENV) Object.assign(process.env, { NODE_ENV: dev ? "development" : "production" });
process.env.NEXT_TELEMETRY_DISABLED = "1"; // an operator's server tells nobody what it does
const { boot, peerHeader, processLog, readOptions, urlOf } = await import("./lib/boot/index.ts");

/** Longer than all parts together are given; past it the process ends as it is, which is safe, only not tidy. */
const stopMs = 15_000;

const log = processLog();

function fail(error: unknown): never {
  const cure = error instanceof Error && "cure" in error ? error.cure : undefined;
  if (typeof cure === "string")
    process.stderr.write(`belay: ${error instanceof Error ? error.message : ""}\n  cure: ${cure}\n`);
  else log.error("the server cannot go on", { error });
  process.exit(1);
}

const contentPolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'", // Next's own inline scripts
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const notYet: RequestListener = (_, response) => {
  const error = { code: "not-available", message: "Belay is starting.", cure: "Try again in a few seconds." };
  response.writeHead(503, { "content-type": "application/json", "retry-after": "1" }).end(JSON.stringify({ error }));
};

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  }).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const cures: Record<string, [string, string]> = {
      EADDRINUSE: [
        `Port ${port} of ${host} is taken.`,
        `Choose another one: PORT=${port + 1}. Who has it: ss -ltnp 'sport = :${port}'`,
      ],
      EACCES: [`Port ${port} of ${host} may not be used by this account.`, "Choose one above 1023, such as PORT=3000."],
      EADDRNOTAVAIL: [
        `${host} is no address of this machine.`,
        "Set HOST to 127.0.0.1, or to 0.0.0.0 for all addresses.",
      ],
      ENOTFOUND: [`${host} is no address of this machine.`, "Set HOST to 127.0.0.1, or to 0.0.0.0 for all addresses."],
    };
    const [message, cure] = cures[String(code)] ?? [`Port ${port} of ${host}: ${String(cause)}`, "Set HOST and PORT."];
    throw Object.assign(new Error(message, { cause }), { cure });
  });
  server.on("error", (error) => log.error("the HTTP server failed", { error }));
}

/** Next behind our HTTP server. It must not see upgrades by itself: in production it leaves those it does not know open for ever. */
async function startPages(host: string, port: number) {
  if (!dev && !existsSync(path.join(import.meta.dirname, ".next", "BUILD_ID")))
    throw Object.assign(new Error("The pages are not built."), {
      cure: "Run `npm start`, which builds them, or `npx next build`; or start with --dev.",
    });
  const { default: next } = await import("next");
  const pages = next({ dev, dir: import.meta.dirname, hostname: host, port, turbopack: dev, httpServer: new Server() });
  await pages.prepare();
  return pages;
}

let running: Running | undefined;
let server: Server | undefined;
let pages: Awaited<ReturnType<typeof startPages>> | undefined;

async function stopAll(): Promise<void> {
  setTimeout(() => process.exit(1), stopMs).unref();
  server?.close();
  await running?.stop();
  server?.closeAllConnections();
  await pages?.close();
}

let ending: Promise<void> | undefined;
const stop = (): Promise<void> => {
  ending ??= stopAll();
  return ending;
};

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    if (stopping) process.exit(1); // asked a second time
    stopping = true;
    log.info(`${signal}: stopping`);
    started.then(stop, stop).then(() => process.exit(0), fail);
  });

async function start(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  const { host, port, roles, simulated } = options;
  const surrender = (words: string) => fail(new Error(words));
  const words = `(${[...roles].join(", ")})${simulated ? " SIMULATED" : ""}`;
  if (!roles.has("web")) {
    running = await boot(options, log, surrender);
    process.stdout.write(`Belay is ready ${words}\n`);
    return;
  }
  let answer = notYet;
  server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    request.headers[peerHeader] = request.socket.remoteAddress;
    answer(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const pathname = URL.parse(request.url ?? "/", "http://belay")?.pathname; // null for what is no path: it must not end the process
    if ((pathname === "/ws" || pathname === "/manager") && running !== undefined)
      void running.upgrade(request, socket, head);
    else if (dev && pages !== undefined)
      pages
        .getUpgradeHandler()(request, socket, head)
        .catch(() => socket.destroy());
    else socket.destroy();
  });
  await listen(server, host, port); // first: a taken port must cost no database
  const [booted, prepared] = await Promise.allSettled([boot(options, log, surrender), startPages(host, port)]);
  if (booted.status === "fulfilled") running = booted.value;
  if (prepared.status === "fulfilled") pages = prepared.value;
  for (const part of [booted, prepared]) if (part.status === "rejected") throw part.reason;
  const handle = pages?.getRequestHandler();
  answer = (request, response) => {
    const isPage = !request.url?.startsWith("/api/"); // the API has a stricter one of its own
    if (!dev && isPage) response.setHeader("content-security-policy", contentPolicy);
    handle?.(request, response).catch((error: unknown) => {
      log.error("a page failed", { error });
      response.destroy();
    });
  };
  process.stdout.write(`Belay is ready: ${urlOf(host, port)} ${words}\n`);
}

const started = start();
started.catch(async (error: unknown) => {
  await stop().catch(() => {});
  if (!stopping) fail(error);
});
