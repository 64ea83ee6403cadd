import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { boot, readOptions } from "../../lib/boot/index.ts";
import {
  applicationList,
  cloudView,
  conversationList,
  enrolHostReply,
  hostExamination,
  incidentList,
  keyScopeNames,
  newKeyReply,
} from "../../lib/contract/index.ts";
import { inProject } from "../kit/project.ts";

/** `belay-manager` as its own process against the whole server with the simulated cloud: up, a saved state and back, run, a VM dies, both repair it, down. */

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-whole-"));
  await chmod(dir, 0o711);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const log = { info() {}, warn() {}, error() {} };
const accountsFile = z.object({ accounts: z.array(z.object({ email: z.string(), password: z.string() })) });

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of request) if (part instanceof Uint8Array) parts.push(part);
  return Buffer.concat(parts).toString();
}

test("up, a saved state and back to it, run, a repair together, down", async () => {
  const dataDir = path.join(dir, "belay");
  const running = await boot(
    readOptions([], { BELAY_DATA: dataDir, BELAY_DEMO: "1", BELAY_SIMULATED: "1" }),
    log,
    (words) => {
      throw new Error(words);
    },
  );
  const server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers))
        if (typeof value === "string") headers.set(name, value);
      const asked = { method: request.method ?? "GET", headers, ...(body !== "" && { body }) };
      const reply = await globalThis.belay?.fetch(new Request(`${url}${request.url}`, asked));
      response.writeHead(reply?.status ?? 503, { "content-type": "application/json" }).end(await reply?.text());
    })();
  });
  server.on("upgrade", (request, socket, head) => void running.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;

  async function send(
    method: string,
    route: string,
    headers: Record<string, string>,
    sent?: unknown,
  ): Promise<Response> {
    const body = sent === undefined ? {} : { body: JSON.stringify(sent) };
    const all = { origin: "http://127.0.0.1:3000", "content-type": "application/json", ...headers };
    const reply = await globalThis.belay?.fetch(
      new Request(`http://127.0.0.1:3000${route}`, { method, headers: all, ...body }),
    );
    if (reply === undefined) throw new Error("the server has not started");
    const text = await reply.clone().text();
    expect(reply.ok, `${method} ${route}: ${text}`).toBe(true);
    return reply;
  }

  let key = "";
  const command = (...words: readonly string[]) =>
    spawn(process.execPath, [inProject("tools/manager.ts"), ...words, "--conformance", "--json"], {
      cwd: dir,
      env: { ...process.env, INIT_CWD: dir, BELAY_URL: url, BELAY_KEY: key },
      stdio: ["ignore", "pipe", "pipe"],
    });
  async function ended(...words: readonly string[]): Promise<unknown> {
    const child = command(...words);
    const [out, problems] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    const text = Buffer.concat(out).toString();
    expect(text, Buffer.concat(problems).toString()).not.toBe("");
    return JSON.parse(text);
  }

  const waiting = { timeout: 30_000, interval: 100 };
  let manager: ReturnType<typeof command> | undefined;
  try {
    const token = (await readFile(path.join(dataDir, "operator-token"), "utf8")).trim();
    const operator = { authorization: `Bearer ${token}` };
    const ask = async (method: string, route: string, body?: unknown, more: Record<string, string> = {}) =>
      (await send(method, `/api/v1${route}`, { ...operator, ...more }, body)).json();
    for (const host of ["host-1", "host-2"]) {
      const uri = `simulated://${host}`;
      const { hostKeySha256 } = hostExamination.parse(await ask("POST", "/hosts/examine", { uri }));
      const enrolled = { uri, approvedHostKeySha256: hostKeySha256, faultInjection: true };
      const { host: made } = enrolHostReply.parse(await ask("POST", "/hosts", enrolled));
      await ask("PATCH", `/hosts/${made.id}`, { sharedPaths: ["/srv/belay"] });
    }
    await ask("PATCH", "/policy", {
      network: { bridge: "br0", from: "198.18.7.10", to: "198.18.7.99", prefixLength: 24, gateway: "198.18.7.1" },
    });
    const image = {
      name: "Bare system",
      words: "The system alone.",
      sha256: "a".repeat(64),
      sizeBytes: 64 * 1024 * 1024,
    };
    await ask("POST", "/images", { ...image, path: "/srv/belay/bare.qcow2", format: "qcow2" });

    const { accounts } = accountsFile.parse(JSON.parse(await readFile(path.join(dataDir, "accounts.json"), "utf8")));
    const signedIn = await send(
      "POST",
      "/api/auth/sign-in/email",
      {},
      accounts.find(({ email }) => email === "ada@aster.example"),
    );
    const ada = {
      cookie: signedIn.headers
        .getSetCookie()
        .map((line) => line.split(";")[0])
        .join("; "),
    };
    const scopes = keyScopeNames; // as the page has them ticked
    key = newKeyReply.parse(await (await send("POST", "/api/v1/keys", ada, { name: "manager", scopes })).json()).secret;

    await writeFile(
      path.join(dir, "shop.yaml"),
      `application: { name: shop }
images: { system: Bare system }
vms:
  - { name: shop-1, image: system, memoryMiB: 128, apart: shop }
  - { name: shop-2, image: system, memoryMiB: 128, apart: shop }
servers:
  - { name: one, kind: command, vm: shop-1, port: 8001, options: { start: "true" } }
  - { name: two, kind: command, vm: shop-2, port: 8002, uses: [one], options: { start: "true" } }
`,
    );
    expect(await ended("up", "shop.yaml")).toMatchObject({ made: ["shop-1", "shop-2"], deployed: ["one", "two"] });
    expect(await ended("up", "shop.yaml")).toMatchObject({ made: [], deployed: [] });

    const taken = await ended("take", "shop.yaml", "shop-1");
    expect(taken).toMatchObject({ vm: "shop-1", saved: expect.stringMatching(/^ckp_/) });
    const { saved } = z.object({ saved: z.string() }).parse(taken);
    const listed = { vm: "shop-1", checkpoints: [{ id: saved, kept: true, state: "valid" }] };
    expect(await ended("saves", "shop.yaml", "shop-1")).toMatchObject({ vms: [listed] });
    expect(await ended("go-back", "shop.yaml", "shop-1", saved, "--yes")).toMatchObject({ done: true, saved });

    const { applications } = applicationList.parse(await ask("GET", "/applications"));
    const shop = applications.find(({ name }) => name === "shop");
    await send("PATCH", `/api/v1/applications/${shop?.id}`, ada, {
      mode: "collaborative",
      agreement: { answerWithinMs: 20_000 },
    });

    manager = command("run", "shop.yaml");
    const standing = z.object({ manager: z.object({ connected: z.boolean() }).nullable() });
    const connected = async () => standing.parse(await ended("status", "shop.yaml")).manager?.connected;
    await expect.poll(connected, { timeout: 60_000, interval: 500 }).toBe(true);

    const cloud = async () => cloudView.parse(await ask("GET", "/cloud"));
    const vm = (await cloud()).vms.find(({ name }) => name === "shop-1");
    await ask("POST", `/vms/${vm?.id}/kill`, { runId: vm?.runId }, { "idempotency-key": "first" });
    const incidents = async () =>
      incidentList.parse(await ask("GET", "/incidents")).incidents.filter(({ cause }) => cause !== "called-restore");
    await expect
      .poll(async () => (await incidents()).map(({ state }) => state), { timeout: 60_000 })
      .toEqual(["repaired"]);
    const [incident] = await incidents();
    const told = await send("GET", `/api/v1/incidents/${incident?.id}/conversation`, {
      authorization: `Bearer ${key}`,
    });
    const { messages } = conversationList.parse(await told.json());
    const kinds = messages.map(({ message }) => message.kind);
    expect(kinds).toEqual(expect.arrayContaining(["repair.accepted", "vm.restarted", "repair.completed"]));
    const phases = messages.flatMap(({ message }) => (message.kind === "repair.phase" ? [message.phase] : []));
    expect([...new Set(phases)]).toEqual(["deploying", "starting", "synchronising"]);

    manager.kill("SIGTERM");
    await new Promise((resolve) => manager?.once("exit", resolve));
    expect(await ended("down", "shop.yaml", "--yes")).toMatchObject({ freed: ["shop-1", "shop-2"] });
    await expect
      .poll(async () => (await cloud()).vms.filter(({ name }) => name.startsWith("shop")).length, waiting)
      .toBe(0);
  } finally {
    manager?.kill("SIGKILL");
    await running.stop();
    server.closeAllConnections();
    server.close();
  }
}, 240_000);
