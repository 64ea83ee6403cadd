import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { manager } from "../collaboration/testing/hub.ts";
import { managerCloseCodes, newKeyReply } from "../contract/index.ts";
import { boot, readOptions } from "./index.ts";

/** A server with the web role alone: a customer's person makes a key, and a manager comes in with it. */

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "belay-manager-"));
  await chmod(dataDir, 0o711);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const log = { info() {}, warn() {}, error() {} };
const surrender = (words: string) => {
  throw new Error(words);
};
const origin = "http://127.0.0.1:3000";
const accountsFile = z.object({ accounts: z.array(z.object({ email: z.string(), password: z.string() })) });

async function send(route: string, headers: Record<string, string>, sent: unknown): Promise<Response> {
  const body = JSON.stringify(sent);
  const request = { method: "POST", headers: { origin, "content-type": "application/json", ...headers }, body };
  const { belay } = globalThis;
  if (belay === undefined) throw new Error("the server has not started");
  return belay.fetch(new Request(`${origin}${route}`, request));
}

test("a manager comes in by /manager with its organization's key, and is told when the server stops", async () => {
  const running = await boot(readOptions(["--role", "web"], { BELAY_DATA: dataDir, BELAY_DEMO: "1" }), log, surrender);
  const server = createServer();
  server.on("upgrade", (request, socket, head) => void running.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { accounts } = accountsFile.parse(JSON.parse(await readFile(path.join(dataDir, "accounts.json"), "utf8")));
    const ada = accounts.find(({ email }) => email === "ada@aster.example");
    const signedIn = await send("/api/auth/sign-in/email", {}, ada);
    const cookie = signedIn.headers.getSetCookie().map((line) => line.split(";")[0]);
    const made = await send("/api/v1/keys", { cookie: cookie.join("; ") }, { name: "m", scopes: ["collaborate"] });
    const { secret } = newKeyReply.parse(await made.json());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const one = manager(`ws://127.0.0.1:${port}/manager?from=here`, secret);
    expect(await one.until("welcome")).toMatchObject({ standing: "active", epoch: 1 });
    const live = manager(`ws://127.0.0.1:${port}/ws`, secret, { mute: true });
    expect(await live.closed).toBe(managerCloseCodes.keyRefused); // the live view wants the scope read
    await running.stop();
    expect(await one.closed).toBe(managerCloseCodes.goingAway);
  } finally {
    await running.stop();
    server.closeAllConnections();
    server.close();
  }
}, 120_000);
