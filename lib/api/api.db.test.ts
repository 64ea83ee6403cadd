import { afterAll, beforeAll, expect, test } from "vitest";
import { cloudView, errorBody, installLine, intentAccepted, vmView } from "../contract/index.ts";
import { ready } from "../service/testing/cloud.ts";
import { createApi } from "./index.ts";
import { operatorToken, origin, testApi } from "./testing.ts";

let api: Awaited<ReturnType<typeof testApi>>;
const logged: unknown[] = [];
beforeAll(async () => {
  api = await testApi({ info() {}, warn() {}, error: (...facts) => logged.push(facts) });
});
afterAll(() => api[Symbol.asyncDispose]());

const refusalOf = async (reply: Response) => ({ status: reply.status, ...errorBody.parse(await reply.json()).error });

test("anybody may ask whether Belay is at work and read how to talk to it; nothing else without signing in", async () => {
  expect(await (await api.send("GET", "/api/v1/health", {})).json()).toEqual({
    ready: true,
    simulated: false,
    roles: ["web"],
  });
  const document = await (await api.send("GET", "/api/v1/openapi.json", {})).json();
  expect(Object.keys(document.paths).sort()).toEqual(
    [
      [
        "/allocations",
        "/allocations/{id}",
        "/applications",
        "/applications/{id}",
        "/applications/{id}/checkpoint-advice",
        "/applications/{id}/traffic",
        "/checkpoints/{id}/keep",
        "/checkpoints/{id}/restore",
        "/checkpoints/{id}/restore-beside",
        "/cloud",
        "/collaboration/messages",
        "/collaboration/schemas",
        "/collaboration/sensors",
        "/collaboration/standing",
        "/conversation",
        "/endpoint",
        "/endpoint/test",
        "/fence-devices/{id}",
        "/health",
        "/hooks",
        "/hooks/{id}",
        "/hosts",
        "/hosts/examine",
      ],
      [
        "/hosts/{id}",
        "/hosts/{id}/fence-devices",
        "/hosts/{id}/helper",
        "/hosts/{id}/maintenance",
        "/hosts/{id}/maintenance/preview",
        "/images",
        "/images/{id}",
        "/incidents",
        "/incidents/{id}",
        "/incidents/{id}/approve",
        "/incidents/{id}/conversation",
        "/incidents/{id}/off",
        "/intents/{id}",
        "/keys",
        "/keys/{id}",
        "/maintenances",
        "/manager",
        "/offer",
        "/organizations",
        "/people",
        "/people/password",
        "/policy",
        "/traffic",
        "/vms",
        "/vms/{id}",
      ],
      ["/vms/{id}/checkpoint-advice", "/vms/{id}/checkpoints", "/vms/{id}/kill"],
    ].flat(),
  );
  const open = new Set(["/health", "/collaboration/schemas"]);
  for (const [path, methods] of Object.entries<Record<string, unknown>>(document.paths))
    for (const method of Object.keys(methods).filter(() => !open.has(path))) {
      const reply = await api.send(method.toUpperCase(), `/api/v1${path}`, { origin });
      expect(await refusalOf(reply), `${method} ${path}`).toMatchObject({ status: 401, code: "not-signed-in" });
    }
});

test("the operator's token is the provider; a wrong one is nobody, whatever cookie comes along", async () => {
  const cloud = cloudView.parse(await (await api.send("GET", "/api/v1/cloud", api.asOperator)).json());
  expect(cloud.viewer).toMatchObject({ name: "operator", userId: null, role: "provider" });
  const cookie = await api.session("admin");
  for (const wrong of [`Bearer ${operatorToken}x`, "Bearer", `Basic ${operatorToken}`])
    expect((await api.send("GET", "/api/v1/cloud", { ...cookie, authorization: wrong })).status).toBe(401);
});

test("people sign in and see their own; the second customer sees nothing of the first", async () => {
  const { cloud } = api;
  const vm = await cloud.vm(await cloud.host("seen"), "web-1", cloud.aster.organizationId);
  const seenBy = async (name: string) => {
    const reply = await api.send("GET", "/api/v1/cloud", await api.session(name));
    return cloudView.parse(await reply.json());
  };
  expect((await seenBy("admin")).vms.map(({ id }) => id)).toContain(vm.id);
  const ada = await seenBy("ada");
  expect(ada.viewer).toMatchObject({ name: "ada", role: "customer", organizationId: cloud.aster.organizationId });
  expect(ada.vms).toMatchObject([{ id: vm.id, hostId: null }]);
  expect(ada.hosts).toEqual([]);
  expect(JSON.stringify(await seenBy("ben"))).not.toContain(vm.id);
  const hidden = await api.send("GET", `/api/v1/vms/${vm.id}`, await api.session("ben"));
  expect(await refusalOf(hidden)).toMatchObject({ status: 404, code: "not-found" });
});

test("nobody signs up, and nobody gives themselves to another organization", async () => {
  const { cloud } = api;
  const eve = { name: "eve", email: "eve@example.test", password: "a long enough password" };
  expect((await api.send("POST", "/api/auth/sign-up/email", { origin }, eve)).ok).toBe(false);
  const ada = await api.session("ada");
  const move = { organizationId: cloud.admin.organizationId };
  expect((await api.send("POST", "/api/auth/update-user", ada, move)).ok).toBe(false);
  expect(await api.viewerOf(new Headers(ada))).toMatchObject({ organizationId: cloud.aster.organizationId });
});

test("a wrong password is refused, a dozen sign-ins in a row are not, a guesser is", async () => {
  expect((await api.signIn("ada", "not the password")).status).toBe(401);
  for (let count = 0; count < 12; count++) expect((await api.signIn("ada")).status).toBe(200);
  const guesses = await Promise.all(Array.from({ length: 70 }, () => api.signIn("ada", "a guess", "192.0.2.7")));
  expect(guesses.map(({ status }) => status)).toContain(429);
  expect((await api.signIn("ada")).status).toBe(200); // from elsewhere
});

test("who signed out is nobody, at once", async () => {
  const { cookie } = await api.session("ben");
  expect(await api.viewerOf(new Headers({ cookie }))).toMatchObject({ name: "ben" });
  expect((await api.send("POST", "/api/auth/sign-out", { cookie, origin }, {})).status).toBe(200);
  expect(api.signedOut).toHaveLength(1);
  expect(await api.viewerOf(new Headers({ cookie }))).toBeUndefined();
  expect((await api.send("GET", "/api/v1/cloud", { cookie })).status).toBe(401);
});

test("a page of another origin cannot act with a viewer's cookie", async () => {
  const { cookie } = await api.session("admin");
  const name = { name: "Cedar" };
  const elsewhere = ["http://elsewhere.test", "null", "http://127.0.0.1:3001"].map((from) => ({
    cookie,
    origin: from,
  }));
  for (const headers of [{ cookie }, ...elsewhere]) {
    const reply = await api.send("POST", "/api/v1/organizations", headers, name);
    expect(await refusalOf(reply)).toMatchObject({ status: 403, field: "Origin" });
  }
  expect((await api.send("POST", "/api/v1/organizations", { cookie, origin }, name)).status).toBe(201);
  const again = await api.send("POST", "/api/v1/organizations", { cookie, "sec-fetch-site": "same-origin" }, name);
  expect(await refusalOf(again)).toMatchObject({ status: 409, field: "name" });
});

test.each([
  ["POST", "/hosts/examine", { uri: "qemu:///system" }, "uri"],
  ["POST", "/hosts", { uri: "qemu+ssh://root@h/system" }, "approvedHostKeySha256"],
  ["POST", "/applications", { organizationId: "org_1", name: "x" }, "organizationId"],
  ["GET", "/vms/web-1", undefined, "id"],
  ["GET", "/incidents?limit=0", undefined, "limit"],
  ["POST", "/organizations", { name: "  " }, "name"],
  ["POST", "/organizations", "{not json", "body"],
  ["PATCH", "/hosts/hst_00000000000000000001", { sharedPaths: ["/srv/../etc"] }, "sharedPaths.0"],
  ["POST", "/hosts/hst_00000000000000000001/fence-devices", { position: 1, agent: "/bin/sh", options: {} }, "agent"],
  ["POST", "/incidents/inc_00000000000000000001/off", { confirm: false }, "confirm"],
  ["POST", "/hooks", { program: "../../bin/sh", cause: "hung", role: "beside" }, "program"],
  ["PATCH", "/policy", { stormPercent: 0 }, "stormPercent"],
  ["POST", "/traffic", { samples: [{ at: 1 }] }, "samples.0.applicationId"],
])("%s %s with a wrong input names it", async (method, path, sent, field) => {
  const refused = await refusalOf(await api.send(method, `/api/v1${path}`, api.asOperator, sent));
  expect(refused).toMatchObject({ status: 400, code: "bad-input", field });
  expect(refused.cure).toBeTruthy();
});

test("a body that is too large is refused before it is read", async () => {
  const reply = await api.send("POST", "/api/v1/organizations", api.asOperator, { name: "x".repeat(300_000) });
  expect(await refusalOf(reply)).toMatchObject({ status: 413, field: "body" });
});

test("a kill needs a key, is accepted with its intent, and the same key again is the same intent", async () => {
  const { cloud } = api;
  const vm = await cloud.vm(await cloud.host("killed"), "web-9");
  const path = `/api/v1/vms/${vm.id}/kill`;
  const run = { runId: vm.runId };
  expect(await refusalOf(await api.send("POST", path, api.asOperator, run))).toMatchObject({
    status: 400,
    field: "Idempotency-Key",
  });
  const headers = { ...api.asOperator, "idempotency-key": "once" };
  const replies = await Promise.all([1, 2, 3].map(() => api.send("POST", path, headers, run)));
  expect(replies.map(({ status }) => status)).toEqual([202, 202, 202]);
  const intents = await Promise.all(replies.map(async (reply) => intentAccepted.parse(await reply.json()).intentId));
  expect(new Set(intents).size).toBe(1);
  const intent = await api.send("GET", `/api/v1/intents/${intents[0]}`, api.asOperator);
  expect(await intent.json()).toMatchObject({ intentId: intents[0], ended: false });
});

test("a VM is changed by what is sent, and the rest stays", async () => {
  const { cloud } = api;
  const vm = await cloud.vm(await cloud.host("patched"), "web-10");
  const answerCheck = { kind: "tcp", address: "198.18.0.10", port: 80 };
  const reply = await api.send("PATCH", `/api/v1/vms/${vm.id}`, api.asOperator, { answerCheck });
  expect(vmView.parse(await reply.json())).toMatchObject({ id: vm.id, answerCheck, consent: vm.consent });
});

test("hosts: 201, then 200 for the same; 204 when it is forgotten, 404 after that", async () => {
  const body = { uri: "qemu+ssh://root@routed/system", name: "routed", approvedHostKeySha256: "SHA256:routed" };
  api.cloud.found.set(body.uri, ready(body.uri, "SHA256:routed"));
  const first = await api.send("POST", "/api/v1/hosts", api.asOperator, body);
  expect(first.status).toBe(201);
  expect((await api.send("POST", "/api/v1/hosts", api.asOperator, body)).status).toBe(200);
  const path = `/api/v1/hosts/${(await first.json()).host.id}`;
  expect((await api.send("DELETE", path, api.asOperator)).status).toBe(204);
  expect((await api.send("DELETE", path, api.asOperator)).status).toBe(404);
});

test("a host that is not ready is refused with all that was looked at", async () => {
  const uri = "qemu+ssh://root@bare/system";
  const checks = [{ name: "libvirtd", ok: false, found: "no socket", cure: "Install it." }] as const;
  api.cloud.found.set(uri, { ...ready(uri, "SHA256:bare"), ready: false, checks: [...checks] });
  const body = { uri, approvedHostKeySha256: "SHA256:bare" };
  const refused = await refusalOf(await api.send("POST", "/api/v1/hosts", api.asOperator, body));
  expect(refused).toMatchObject({ status: 422, code: "host-not-ready", checks, cure: "Install it." });
});

test("replies are not cached, not framed, not sniffed; an unknown address is a refusal like any other", async () => {
  const reply = await api.send("GET", "/api/v1/nothing", api.asOperator);
  expect(reply.headers.get("cache-control")).toBe("no-store");
  expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
  expect(reply.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(await refusalOf(reply)).toMatchObject({ status: 404, code: "not-found" });
});

test("what fails inside is logged with a number and shown without its details", async () => {
  const { viewerOf } = api;
  const broken = createApi({
    service: { ...api.cloud.service, cloud: () => Promise.reject(new Error("password of the database")) },
    auth: api.auth,
    people: api.people,
    viewerOf,
    origins: new Set([origin]),
    health: () => ({ ready: true, simulated: false, roles: [] }),
    onSignOut() {},
    log: { info() {}, warn() {}, error: (...facts) => logged.push(facts) },
  });
  const reply = await broken.fetch(new Request(`${origin}/api/v1/cloud`, { headers: api.asOperator }));
  const refused = await refusalOf(reply);
  expect(refused).toMatchObject({ status: 500, code: "internal" });
  expect(JSON.stringify(refused)).not.toContain("password");
  const id = /Look for (\S+) /.exec(refused.cure ?? "")?.[1];
  expect(logged.flat()).toContainEqual(expect.objectContaining({ id }));
});

test("installing the helper is told line by line", async () => {
  const host = await api.cloud.host("told");
  const reply = await api.send("POST", `/api/v1/hosts/${host}/helper`, api.asOperator, {});
  expect(reply.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = (await reply.text()).trim().split("\n");
  expect(lines.map((line) => installLine.parse(JSON.parse(line)).kind)).toEqual(["step", "step", "done"]);
});
