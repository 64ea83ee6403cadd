import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type AllocationView,
  allocationView,
  applicationView,
  conversationMessageView,
  customerEvent,
  endpointReply,
  errorBody,
  eventType,
  imageView,
  keyList,
  managerReply,
  newEndpointReply,
  newKeyReply,
  offerView,
  vmList,
} from "../contract/index.ts";
import {
  type CustomerMessage,
  type KeyScope,
  keyScopes,
  type MessageId,
  type ProviderMessage,
} from "../model/index.ts";
import { testApi } from "./testing.ts";

let api: Awaited<ReturnType<typeof testApi>>;
beforeAll(async () => {
  api = await testApi();
});
afterAll(() => api[Symbol.asyncDispose]());

type Headers = Record<string, string>;
const send = (method: string, path: string, headers: Headers, body?: unknown) =>
  api.send(method, `/api/v1${path}`, headers, body);
const refusalOf = async (reply: Response) => ({ status: reply.status, ...errorBody.parse(await reply.json()).error });
const refused = async (...what: Parameters<typeof send>) => refusalOf(await send(...what));

const allScopes = Object.keys(keyScopes).filter((name): name is KeyScope => name in keyScopes);
async function keyOf(person: string, scopes: readonly KeyScope[], name = `${person} ${crypto.randomUUID()}`) {
  const reply = await send("POST", "/keys", await api.session(person), { name, scopes });
  expect(reply.status).toBe(201);
  const { key, secret } = newKeyReply.parse(await reply.json());
  return { key, secret, headers: { authorization: `Bearer ${secret}` } };
}

const image = {
  ...{ name: "bare", words: "A system and nothing else.", sha256: "a".repeat(64), sizeBytes: 1 << 30 },
  ...{ path: "/srv/belay/bare.qcow2", format: "qcow2" },
};
const network = { bridge: "belay0", from: "198.18.5.10", to: "198.18.5.12", prefixLength: 24, gateway: "198.18.5.1" };
const event = (data: CustomerMessage, id: MessageId = api.cloud.ids.next("msg")) =>
  customerEvent.parse({
    ...{ specversion: "1.0", id, source: "tests", type: eventType(data.kind) },
    ...{ time: new Date().toISOString(), datacontenttype: "application/json", data },
  });

test("a key opens what its scopes say, names the one that is missing, and nothing once it is revoked", async () => {
  const { cloud } = api;
  const vm = await cloud.vm(await cloud.host("keyed"), "keyed-1", cloud.aster.organizationId);
  const { key, secret, headers } = await keyOf("ada", ["read"]);
  expect(secret).toMatch(/^blk_[\w-]{43}$/);
  const seen = vmList.parse(await (await send("GET", "/vms", headers)).json());
  expect(seen.vms).toMatchObject([{ id: vm.id, hostId: null }]);
  expect(await refused("PATCH", `/vms/${vm.id}`, headers, { wanted: "stopped" })).toMatchObject({
    status: 403,
    message: "The key lacks the scope configure: Change how applications and VMs are protected.",
    cure: "Make a key with the scope configure.",
  });
  expect(await refused("POST", "/keys", headers, { name: "more", scopes: ["read"] })).toMatchObject({ status: 403 });
  const ben = await api.session("ben");
  expect((await send("DELETE", `/keys/${key.id}`, ben)).status).toBe(404);
  expect((await send("DELETE", `/keys/${key.id}`, await api.session("ada"))).status).toBe(204);
  expect((await send("GET", "/vms", headers)).status).toBe(401);
  expect((await send("GET", "/vms", { ...(await api.session("ada")), ...headers })).status).toBe(401); // whatever cookie comes along
  const { keys } = keyList.parse(await (await send("GET", "/keys", await api.session("ada"))).json());
  expect(keys).toMatchObject([{ id: key.id, revokedAt: expect.any(Number), lastUsedAt: expect.any(Number) }]);
  expect(JSON.stringify(keys)).not.toContain(secret);
});

test("the provider sees and revokes customers' keys, and has none", async () => {
  const { aster, admin } = api.cloud;
  const { key, headers } = await keyOf("ada", ["read"]);
  const list = `/keys?organizationId=${aster.organizationId}`;
  const { keys } = keyList.parse(await (await send("GET", list, api.asOperator)).json());
  expect(keys.map(({ id }) => id)).toContain(key.id);
  expect(await refused("GET", list, await api.session("ben"))).toMatchObject({ status: 404 });
  const own = { name: "own", scopes: ["read"] };
  expect(await refused("POST", "/keys", await api.session("admin"), own)).toMatchObject({ status: 403 });
  expect((await send("DELETE", `/keys/${key.id}`, await api.session("admin"))).status).toBe(204);
  expect((await send("GET", "/vms", headers)).status).toBe(401);
  expect(admin.role).toBe("provider");
});

test("with all scopes a key still may not do what is for people; with none it may do nothing", async () => {
  const { headers } = await keyOf("ben", allScopes);
  const document = await (await send("GET", "/openapi.json", {})).json();
  const forPeople: string[] = [];
  const id = (path: string) =>
    path.replace("{id}", () => {
      const kind = { vms: "vm", hosts: "hst", incidents: "inc", keys: "key", images: "img", hooks: "hok" };
      const of = Object.entries(kind).find(([room]) => path.startsWith(`/${room}/`))?.[1];
      const more = { "/allocations/": "alc", "/applications/": "app", "/checkpoints/": "ckp" };
      const other = Object.entries(more).find(([room]) => path.startsWith(room))?.[1];
      return `${of ?? other ?? (path.startsWith("/intents") ? "int" : "fnc")}_00000000000000000001`;
    });
  const body: Record<string, unknown> = {
    "POST /hosts/examine": { uri: "qemu+ssh://root@h/system" },
    "POST /hosts": { uri: "qemu+ssh://root@h/system", approvedHostKeySha256: "SHA256:x" },
    "POST /keys": { name: "x", scopes: ["read"] },
    "POST /images": image,
    "PUT /images/{id}": image,
    "POST /organizations": { name: "x" },
    "POST /traffic": { samples: [] },
    "POST /hooks": { program: "x", cause: "hung", role: "beside" },
    "PUT /hooks/{id}": { program: "x", cause: "hung", role: "beside" },
    "POST /hosts/{id}/fence-devices": { position: 1, agent: "fence_x", options: {} },
    "PUT /fence-devices/{id}": { position: 1, agent: "fence_x", options: {} },
    "POST /incidents/{id}/off": { confirm: true },
    "POST /vms/{id}/kill": { runId: 1 },
    "PATCH /hosts/{id}": {},
    "PATCH /policy": {},
    "POST /people": { email: "x@example.org", name: "x" },
    "POST /people/password": { email: "x@example.org" },
    "POST /hosts/{id}/maintenance": {},
    "POST /hosts/{id}/helper": {},
  };
  for (const [path, methods] of Object.entries<Record<string, unknown>>(document.paths))
    for (const method of Object.keys(methods)) {
      const name = `${method.toUpperCase()} ${path}`;
      const more = { ...headers, "idempotency-key": "x" };
      const sent = method === "get" || method === "delete" ? undefined : (body[name] ?? {});
      const reply = await send(method.toUpperCase(), id(path), more, sent);
      const text = await reply.text();
      if (reply.status === 403) expect(text, name).toContain("Programs with a key may not do this.");
      if (reply.status === 403) forPeople.push(name);
      expect(reply.status, `${name} ${text}`).toBeLessThan(500);
    }
  expect(forPeople.sort()).toEqual(
    [
      ["DELETE /fence-devices/{id}", "PUT /fence-devices/{id}"],
      ["GET /hosts", "POST /hosts", "POST /hosts/examine", "PATCH /hosts/{id}", "DELETE /hosts/{id}"],
      ["GET /hosts/{id}/fence-devices", "POST /hosts/{id}/fence-devices", "POST /hosts/{id}/helper"],
      ["POST /hosts/{id}/maintenance", "DELETE /hosts/{id}/maintenance", "GET /hosts/{id}/maintenance/preview"],
      ["GET /hooks", "POST /hooks", "PUT /hooks/{id}", "DELETE /hooks/{id}"],
      ["POST /images", "PUT /images/{id}", "DELETE /images/{id}"],
      ["POST /incidents/{id}/approve", "POST /incidents/{id}/off"],
      ["GET /keys", "POST /keys", "DELETE /keys/{id}"],
      ["GET /maintenances", "POST /organizations", "GET /policy", "PATCH /policy", "POST /traffic"],
      ["GET /people", "POST /people", "POST /people/password", "POST /vms/{id}/kill"],
    ]
      .flat()
      .sort(),
  );
});

test("images are the provider's to add; customers see them without their paths; a VM's image is the provider's word", async () => {
  const { cloud } = api;
  const vm = await cloud.vm(await cloud.host("imaged"), "imaged-1", cloud.aster.organizationId);
  const ada = await api.session("ada");
  expect(await refused("POST", "/images", ada, image)).toMatchObject({ status: 403 });
  const made = await send("POST", "/images", api.asOperator, { ...image, name: "prepared" });
  const { id } = imageView.parse(await made.json());
  expect(made.status).toBe(201);
  expect(await refused("POST", "/images", api.asOperator, { ...image, name: "prepared" })).toMatchObject({
    ...{ status: 409, field: "name" },
  });
  const seen = await (await send("GET", "/images", ada)).json();
  expect(seen.images).toMatchObject([{ id, path: null }]);
  expect(await refused("PATCH", `/vms/${vm.id}`, ada, { imageId: id })).toMatchObject({
    status: 403,
    field: "imageId",
  });
  const changed = await send("PATCH", `/vms/${vm.id}`, api.asOperator, { imageId: id });
  expect(await changed.json()).toMatchObject({ id: vm.id, imageId: id });
  expect((await send("PUT", `/images/${id}`, api.asOperator, { ...image, words: "Newer." })).status).toBe(200);
});

test("a VM is asked for once per key, gets an address of its own, and is refused in words where it cannot be", async () => {
  const { aster } = api.cloud;
  const { headers } = await keyOf("ada", ["provision"]);
  const ada = await api.session("ada");
  const body = { organizationId: aster.organizationId, name: "auction" };
  const { id: applicationId } = applicationView.parse(await (await send("POST", "/applications", ada, body)).json());
  const made = await send("POST", "/images", api.asOperator, { ...image, name: "allocated", sha256: "b".repeat(64) });
  const { id: imageId } = imageView.parse(await made.json());
  const spec = { applicationId, imageId, name: "db-1", memoryMiB: 256, apart: "db", sshKeys: ["ssh-ed25519 AAAA x"] };
  const ask = (key: string, more: object = {}) =>
    send("POST", "/allocations", { ...headers, "idempotency-key": key }, { ...spec, ...more });
  expect(await refusalOf(await ask("early"))).toMatchObject({
    status: 409,
    message: expect.stringContaining("network"),
  });
  expect((await send("PATCH", "/policy", api.asOperator, { network })).status).toBe(200);
  const replies = await Promise.all([ask("one"), ask("one"), ask("one")]);
  expect(replies.map(({ status }) => status)).toEqual([202, 202, 202]);
  const asked: AllocationView[] = await Promise.all(replies.map(async (it) => allocationView.parse(await it.json())));
  expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
  const [first] = asked;
  expect(first).toMatchObject({ state: "asked", address: "198.18.5.10", apart: "db", vmId: null });
  expect(await refusalOf(await ask("one", { memoryMiB: 512 }))).toMatchObject({ field: "Idempotency-Key" });
  expect(await refusalOf(await ask("two"))).toMatchObject({ status: 409, field: "name" });
  expect((await ask("three", { name: "db-2" })).status).toBe(202);
  expect(await refusalOf(await ask("four", { name: "Db_3" }))).toMatchObject({ status: 400, field: "name" });
  expect(await (await send("GET", `/allocations/${first?.id}`, headers)).json()).toMatchObject({ id: first?.id });
  expect((await send("GET", `/allocations/${first?.id}`, await api.session("ben"))).status).toBe(404);
  const listed = await (await send("GET", "/allocations", headers)).json();
  expect(listed.allocations.map(({ name }: { name: string }) => name)).toEqual(["db-2", "db-1"]);
  const others = { ...(await api.session("ben")), "idempotency-key": "other" };
  expect(await refused("POST", "/allocations", others, spec)).toMatchObject({ status: 404, field: "applicationId" });
});

test("only a VM that Belay made is taken away", async () => {
  const { cloud } = api;
  const vm = await cloud.vm(await cloud.host("kept"), "kept-1", cloud.aster.organizationId);
  const { headers } = await keyOf("ada", ["provision"]);
  expect(await refused("DELETE", `/vms/${vm.id}`, headers)).toMatchObject({ status: 403 });
  expect(await refused("DELETE", `/vms/${vm.id}`, await api.session("ben"))).toMatchObject({ status: 404 });
});

test("an agreement lies within the provider's offer, and what is left out of it stays", async () => {
  const { headers } = await keyOf("ben", ["configure"]);
  const { birch } = api.cloud;
  const made = await send("POST", "/applications", headers, { organizationId: birch.organizationId, name: "shop" });
  const { id, agreement } = applicationView.parse(await made.json());
  const change = (body: object) => send("PATCH", `/applications/${id}`, headers, body);
  const replies = await change({ mode: "collaborative", agreement: { fallback: "checkpoint" } });
  expect(applicationView.parse(await replies.json())).toMatchObject({
    mode: "collaborative",
    agreement: { ...agreement, fallback: "checkpoint" },
  });
  await send("PATCH", "/policy", api.asOperator, { answerMostMs: 20_000, modesOffered: ["provider", "none"] });
  expect(offerView.parse(await (await send("GET", "/offer", headers)).json())).toMatchObject({
    ...{ modes: ["provider", "none"], answerMostMs: 20_000 },
  });
  expect(await refusalOf(await change({ agreement: { answerWithinMs: 20_001 } }))).toMatchObject({
    ...{ status: 400, field: "agreement.answerWithinMs", cure: "Choose at most 20 s (20000 ms)." },
  });
  expect(await refusalOf(await change({ mode: "customer" }))).toMatchObject({
    ...{ status: 400, field: "mode", cure: "Choose one of: provider, none." },
  });
  expect((await change({ mode: "collaborative", agreement: { answerWithinMs: 20_000 } })).status).toBe(200); // as it was
  const bad = { agreement: { fallback: "hope" } };
  expect(await refusalOf(await change(bad))).toMatchObject({ status: 400, field: "agreement.fallback" });
});

test("an endpoint is set with a secret that is told once, tested, and removed", async () => {
  const { headers } = await keyOf("ada", ["configure"]);
  expect(await refused("PUT", "/endpoint", headers, { url: "https://forbidden.example/" })).toMatchObject({
    ...{ status: 400, field: "url" },
  });
  expect(await refused("PUT", "/endpoint", headers, { url: "gopher://x" })).toMatchObject({
    status: 400,
    field: "url",
  });
  const url = "https://manager.example/belay";
  const set = newEndpointReply.parse(await (await send("PUT", "/endpoint", headers, { url })).json());
  expect(set.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const seen = await (await send("GET", "/endpoint", headers)).text();
  expect(endpointReply.parse(JSON.parse(seen)).endpoint).toMatchObject({ url, ok: true, words: null });
  expect(seen).not.toContain(set.secret);
  const again = async (more: object) =>
    newEndpointReply.parse(await (await send("PUT", "/endpoint", headers, { url, ...more })).json()).secret;
  const kept = async () => (await api.cloud.store.service.endpoint(api.cloud.aster.organizationId))?.secret;
  expect([await again({}), await kept()]).toEqual([null, set.secret]); // what is checked with it stays valid
  const other = await again({ newSecret: true });
  expect(other).toMatch(/^whsec_/);
  expect([other === set.secret, await kept()]).toEqual([false, other]);
  expect(await again({ url: "https://manager.example/other" })).toMatch(/^whsec_/);
  expect(await again({})).toMatch(/^whsec_/);
  expect(await (await send("POST", "/endpoint/test", headers)).json()).toMatchObject({ ok: true });
  expect(api.cloud.tested).toEqual([url]);
  expect(await refused("POST", "/endpoint/test", headers)).toMatchObject({ status: 409 }); // a moment ago
  expect(await (await send("GET", "/endpoint", await api.session("ben"))).json()).toEqual({ endpoint: null });
  expect(await refused("PUT", "/endpoint", api.asOperator, { url })).toMatchObject({ status: 403 });
  expect((await send("DELETE", "/endpoint", headers)).status).toBe(204);
  expect(await (await send("GET", "/endpoint", headers)).json()).toEqual({ endpoint: null });
});

test("what the provider said is read by both, and the customer's answer is taken once, or refused with words", async () => {
  const { cloud } = api;
  const { headers } = await keyOf("ada", ["collaborate"]);
  const vm = await cloud.vm(await cloud.host("said"), "said-1", cloud.aster.organizationId);
  const { organizationId } = cloud.aster;
  const work = "mnt-1";
  const message: ProviderMessage = {
    kind: "maintenance.announced",
    ...{ vm: { id: vm.id, name: vm.name }, work, words: "Its host is worked on.", startsAt: Date.now() + 60_000 },
    actions: ["begin", "stop"],
  };
  const saying = { key: "said", organizationId, incidentId: null, repairId: null, message };
  await cloud.store.engine.say(saying, Date.now());
  const answer = event({ kind: "maintenance.answered", work, vmId: vm.id, action: "begin" });
  const replies = await Promise.all([1, 2].map(() => send("POST", "/collaboration/messages", headers, answer)));
  expect(replies.map(({ status }) => status)).toEqual([202, 202]);
  const [heard] = await Promise.all(replies.map(async (it) => conversationMessageView.parse(await it.json())));
  expect(heard).toMatchObject({ id: answer.id, from: "customer", by: expect.stringContaining("key ada") });
  const read = await (await send("GET", "/conversation", headers)).json();
  expect(read.messages.map(({ from }: { from: string }) => from)).toEqual(["provider", "customer"]);
  const provider = `/conversation?organizationId=${organizationId}`;
  expect((await (await send("GET", provider, api.asOperator)).json()).messages).toHaveLength(2);
  expect((await (await send("GET", "/conversation", await api.session("ben"))).json()).messages).toEqual([]);
  const ben = await keyOf("ben", ["collaborate"]);
  const foreign = event({ kind: "maintenance.answered", work, vmId: vm.id, action: "stop" });
  expect(await refused("POST", "/collaboration/messages", ben.headers, foreign)).toMatchObject({ status: 404 });
  const unknown = event({ kind: "repair.accepted", repair: cloud.ids.next("rep") });
  expect(await refused("POST", "/collaboration/messages", headers, unknown)).toMatchObject({ status: 404 });
  const wrong = { ...unknown, type: "belay.repair.declined.v1" };
  expect(await refused("POST", "/collaboration/messages", headers, wrong)).toMatchObject({
    status: 400,
    field: "type",
  });
  expect(await refused("POST", "/collaboration/messages", api.asOperator, unknown)).toMatchObject({ status: 403 });
});

test("the manager's standing and sensors are its own organization's; the schemas are anybody's", async () => {
  const { cloud } = api;
  const manager = { organizationId: cloud.aster.organizationId, instance: "instance-1", name: "m", version: "1" };
  await cloud.store.service.claimManager(manager, 5000, Date.now());
  const { headers } = await keyOf("ada", ["collaborate"]);
  const own = managerReply.parse(await (await send("GET", "/manager", headers)).json());
  expect(own).toMatchObject({ manager: { ...manager, epoch: 1, connected: true }, sensors: [] });
  expect(await (await send("GET", "/manager", await api.session("ben"))).json()).toEqual({
    manager: null,
    sensors: [],
  });
  const schemas = await (await send("GET", "/collaboration/schemas", {})).json();
  expect(Object.keys(schemas)).toEqual(expect.arrayContaining(["providerEvent", "customerEvent", "managerFrame"]));
});
