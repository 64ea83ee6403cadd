import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { eventOf, manager } from "../collaboration/testing/hub.ts";
import {
  applicationView,
  cloudView,
  conversationList,
  enrolHostReply,
  hostExamination,
  incidentList,
  newKeyReply,
} from "../contract/index.ts";
import { boot, readOptions } from "./index.ts";

/** The whole server with the simulated cloud, and a manager of a customer's at its socket: one repair by both, from the failure to the end. */

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "belay-together-"));
  await chmod(dataDir, 0o711);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const log = { info() {}, warn() {}, error() {} };
const surrender = (words: string) => {
  throw new Error(words);
};
const origin = "http://127.0.0.1:3000";
const accountsFile = z.object({ accounts: z.array(z.object({ email: z.string(), password: z.string() })) });

async function send(method: string, route: string, headers: Record<string, string>, sent?: unknown) {
  const { belay } = globalThis;
  if (belay === undefined) throw new Error("the server has not started");
  const body = sent === undefined ? {} : { body: JSON.stringify(sent) };
  const all = { origin, "content-type": "application/json", ...headers };
  const reply = await belay.fetch(new Request(`${origin}${route}`, { method, headers: all, ...body }));
  const text = await reply.clone().text();
  expect(reply.ok, `${method} ${route}: ${text}`).toBe(true);
  return reply;
}

async function asAda(): Promise<Record<string, string>> {
  const { accounts } = accountsFile.parse(JSON.parse(await readFile(path.join(dataDir, "accounts.json"), "utf8")));
  const ada = accounts.find(({ email }) => email === "ada@aster.example");
  const signedIn = await send("POST", "/api/auth/sign-in/email", {}, ada);
  const cookie = signedIn.headers.getSetCookie().map((line) => line.split(";")[0]);
  return { cookie: cookie.join("; ") };
}

test("a VM dies; its manager is told, agrees, is handed the VM, reports, and the incident ends repaired", async () => {
  const options = readOptions([], { BELAY_DATA: dataDir, BELAY_DEMO: "1", BELAY_SIMULATED: "1" });
  const running = await boot(options, log, surrender);
  const server = createServer();
  server.on("upgrade", (request, socket, head) => void running.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const token = (await readFile(path.join(dataDir, "operator-token"), "utf8")).trim();
    const operator = { authorization: `Bearer ${token}` };
    const ask = async (method: string, route: string, body?: unknown, more: Record<string, string> = {}) =>
      (await send(method, `/api/v1${route}`, { ...operator, ...more }, body)).json();
    const cloud = async () => cloudView.parse(await ask("GET", "/cloud"));
    const uri = "simulated://host-1";
    const { hostKeySha256 } = hostExamination.parse(await ask("POST", "/hosts/examine", { uri }));
    enrolHostReply.parse(
      await ask("POST", "/hosts", { uri, approvedHostKeySha256: hostKeySha256, faultInjection: true }),
    );
    const waiting = { timeout: 30_000, interval: 100 };
    const anyRunning = async () => (await cloud()).vms.find(({ state }) => state === "running");
    await expect.poll(anyRunning, waiting).toBeDefined();
    const found = await anyRunning();

    const organizationId = (await cloud()).organizations.find(({ name }) => name === "Aster")?.id;
    const ada = await asAda();
    const made = await send("POST", "/api/v1/applications", ada, { organizationId, name: "auction" });
    const application = applicationView.parse(await made.json());
    const mode = { mode: "collaborative", agreement: { answerWithinMs: 20_000 } };
    await send("PATCH", `/api/v1/applications/${application.id}`, ada, mode);
    await ask("PATCH", `/vms/${found?.id}`, { applicationId: application.id, consent: "restart-vm" });
    const keyed = await send("POST", "/api/v1/keys", ada, { name: "m", scopes: ["read", "collaborate"] });
    const { secret } = newKeyReply.parse(await keyed.json());

    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const one = manager(`ws://127.0.0.1:${port}/manager`, secret);
    await one.until("welcome");
    const vm = (await cloud()).vms.find(({ id }) => id === found?.id);
    await ask("POST", `/vms/${vm?.id}/kill`, { runId: vm?.runId }, { "idempotency-key": "first" });

    const { message: proposed } = await one.until("message", ({ message }) => message.data.kind === "repair.proposed");
    if (proposed.data.kind !== "repair.proposed") throw new Error("not a proposal");
    const { repair } = proposed.data;
    one.send({ type: "message", message: eventOf({ kind: "repair.accepted", repair }) });
    await one.until("message", ({ message }) => message.data.kind === "vm.restarted");
    const phase = { kind: "repair.phase", repair, percent: null, words: "" } as const;
    one.send({ type: "message", message: eventOf({ ...phase, phase: "deploying" }) });
    one.send({ type: "message", message: eventOf({ ...phase, phase: "starting" }) });
    one.send({ type: "message", message: eventOf({ kind: "repair.completed", repair, words: "It serves." }) });
    await one.until("message", ({ message: { data } }) => data.kind === "repair.changed" && data.state === "repaired");

    const incidents = async () => incidentList.parse(await ask("GET", "/incidents")).incidents;
    await expect.poll(async () => (await incidents()).map(({ state }) => state), waiting).toEqual(["repaired"]);
    const [incident] = await incidents();
    const keyHeader = { authorization: `Bearer ${secret}` };
    const told = await send("GET", `/api/v1/incidents/${incident?.id}/conversation`, keyHeader);
    const { messages } = conversationList.parse(await told.json());
    expect(messages.map(({ from, message }) => `${from}: ${message.kind}`)).toEqual([
      "provider: vm.failed",
      "provider: repair.proposed",
      "customer: repair.accepted",
      "provider: repair.changed",
      "provider: vm.restarted",
      "customer: repair.phase",
      "customer: repair.phase",
      "customer: repair.completed",
      "provider: repair.changed",
    ]);
    expect(JSON.stringify(messages)).not.toContain("host-1"); // customers never hear of hosts
    expect(one.frames.filter(({ type }) => type === "refused")).toEqual([]);
  } finally {
    await running.stop();
    server.closeAllConnections();
    server.close();
  }
}, 180_000);
