import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { originsOf } from "../../lib/api/index.ts";
import { operatorToken, testApi } from "../../lib/api/testing.ts";
import { ready } from "../../lib/service/testing/cloud.ts";
import { explain } from "../kit/failure.ts";
import { operatorClient } from "../operator/client.ts";
import { addHost, examineHost, type HostIo, listHosts, removeHost } from "./commands.ts";

/** The commands against the real API on a real database; only the host's machine is told what to show. */

let api: Awaited<ReturnType<typeof testApi>>;
let printed: string[] = [];
let answers: string[] = [];
let io: HostIo;
const [url = ""] = originsOf({ host: "127.0.0.1", port: 3000 });

beforeAll(async () => {
  api = await testApi();
  const client = operatorClient({ url, token: async () => operatorToken, fetch: (request) => api.fetch(request) });
  io = { client, print: (line) => printed.push(line), ask: async () => answers.shift() ?? "" };
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(() => {
  printed = [];
  answers = [];
});

const show = (name: string, more: Partial<ReturnType<typeof ready>> = {}) => {
  const uri = `qemu+ssh://root@${name}/system`;
  api.cloud.found.set(uri, { ...ready(uri, `SHA256:${name}`), hostName: name, ...more });
  return uri;
};
const text = () => printed.join("\n");
const names = async () => (await api.cloud.service.hosts(api.cloud.admin)).map(({ name }) => name);
const words = (promise: Promise<void>) => promise.then(() => "no error", explain);

test("a person compares the key, says yes, sees the checks and what to do next", async () => {
  answers = ["what?", "YES"];
  await addHost(io, show("asked"), {});
  expect(text()).toContain("SHA256:asked  (ssh-ed25519)");
  expect(text()).toContain("Please answer yes or no.");
  expect(text()).toContain("✓ libvirtd   9.0.0");
  expect(text()).toMatch(/asked is watched from now on[\s\S]*Next: see it at http/);
  expect(await names()).toContain("asked");
});

test.each([[["no"]], [["y", "ok", "sure"]]])("a person who answers %j enrols nothing", async (given) => {
  answers = given;
  expect(await words(addHost(io, show("declined"), {}))).toContain("nothing was enrolled");
  expect(await names()).not.toContain("declined");
});

test("without a terminal the fingerprint must be given, and the right one", async () => {
  const uri = show("scripted");
  const script = { ...io, ask: undefined };
  expect(await words(addHost(script, uri, {}))).toContain("--approve SHA256:scripted");
  expect(await words(addHost(script, uri, { approve: "SHA256:other" }))).toContain("not the approved SHA256:other");
  expect(await names()).not.toContain("scripted");
  await addHost(script, uri, { approve: "SHA256:scripted", name: "chosen", allowFaultInjection: true });
  expect(await names()).toContain("chosen");
  await addHost(script, uri, { approve: "SHA256:scripted", name: "chosen" }); // again: the same host
  expect((await names()).filter((name) => name === "chosen")).toHaveLength(1);
});

test("a host that lacks something is shown with each cure, and not enrolled", async () => {
  const checks = [
    { name: "ssh-login", ok: true, found: "root", cure: null },
    { name: "libvirtd", ok: false, found: "no socket", cure: "apt-get install libvirt-daemon-system" },
  ] as const;
  const uri = show("bare", { ready: false, checks: [...checks] });
  expect(await words(addHost(io, uri, { approve: "SHA256:bare" }))).toContain("lacks what is marked ✗");
  expect(printed).toContain("  ✓ ssh-login  root");
  expect(printed).toContain("  ✗ libvirtd   no socket");
  expect(printed).toContain("      apt-get install libvirt-daemon-system");
  expect(await names()).not.toContain("bare");
  expect(await words(examineHost(io, uri, "SHA256:bare"))).toContain("not ready");
});

test("a wrong address is refused in the server's words", async () => {
  expect(await words(addHost(io, "qemu:///system", {}))).toContain("qemu+ssh://root@ADDRESS/system");
});

test("examine keeps nothing; list shows what is watched; remove forgets it", async () => {
  const uri = show("looked-at");
  await examineHost(io, uri, undefined);
  expect(text()).toContain("--approve SHA256:looked-at");
  await examineHost(io, uri, "SHA256:looked-at");
  expect(text()).toContain("The host is ready.");
  expect(await names()).not.toContain("looked-at");
  await addHost(io, uri, { approve: "SHA256:looked-at" });
  printed = [];
  await listHosts(io);
  expect(printed.find((line) => line.includes("looked-at"))).toMatch(/looked-at +connecting +0 +off +qemu\+ssh:/);
  expect(printed.at(-1)).toMatch(/^Next: .*npm run host -- add URI$/);
  await removeHost(io, "looked-at");
  expect(await names()).not.toContain("looked-at");
  expect(await words(removeHost(io, "looked-at"))).toContain("No host is called looked-at.");
});

test("a server that is not there is said with how to start it", async () => {
  const dead = operatorClient({ url: "http://127.0.0.1:9", token: async () => "x" });
  expect(await words(listHosts({ ...io, client: dead }))).toMatch(/does not answer at http[\s\S]*npm start/);
});

test("another server's token is said for what it is", async () => {
  const stranger = operatorClient({ url, token: async () => "x", fetch: (request) => api.fetch(request) });
  expect(await words(listHosts({ ...io, client: stranger }))).toMatch(/does not know[\s\S]*BELAY_DATA/);
});
