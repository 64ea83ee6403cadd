import { createServer, type IncomingHttpHeaders } from "node:http";
import { Webhook } from "standardwebhooks";
import { expect, test, vi } from "vitest";
import { endpointTest, providerEvent } from "../contract/index.ts";
import { createEndpointCaller, goneWords } from "./endpoint-caller.ts";
import { silent } from "./testing/hub.ts";
import { type FakeConversation, fakeConversation, ids } from "./testing/store.ts";
import { createWebhooks } from "./webhooks.ts";

// A machine that has other work to do is slow, not wrong.
vi.setConfig({ testTimeout: 30_000 });

const aster = ids.next("org");
const birch = ids.next("org");
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const clock = { now: () => Date.now(), monotonicMs: () => performance.now() };

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** A customer's server on 127.0.0.1. `answer` says which status a request gets; a status of 0 is no answer at all. */
async function customer(answer: (got: Got, count: number) => number) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const one = { headers: request.headers, body, path: request.url ?? "" };
      got.push(one);
      const status = answer(one, got.length);
      if (status === 0) return request.socket.destroy();
      if (status >= 300 && status < 400) response.setHeader("location", "/elsewhere");
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return {
    got,
    port,
    words: () => got.map(({ body }) => JSON.parse(body).data.words),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function webhooks(talk: FakeConversation, addresses: readonly string[] = ["127.0.0.1"]) {
  const caller = createEndpointCaller({ store: talk.store, clock, lookup: async () => addresses });
  const limits = { pollMs: 20, firstRetryMs: 20, mostRetryMs: 80 };
  const hooks = createWebhooks({ store: talk.store, clock, log: silent, caller, limits });
  hooks.start();
  return { caller, [Symbol.asyncDispose]: () => hooks.stop() };
}

function talkWith(port: number, url = `http://127.0.0.1:${port}/belay`) {
  const talk = fakeConversation();
  talk.allow(["127.0.0.0/8"]);
  talk.endpoints.set(aster, { organizationId: aster, url, secret, words: null, ok: true, gone: false, triedAt: null });
  return talk;
}

const unreceived = (talk: FakeConversation) =>
  talk.messages.filter((it) => it.from === "provider" && it.receivedAt === null).length;

test("messages are delivered in order, signed as Standard Webhooks, once", async () => {
  await using endpoint = await customer(() => 204);
  const talk = talkWith(endpoint.port);
  for (const words of ["1", "2", "3"]) talk.say(aster, words);
  talk.say(birch, "hidden");
  await using _hooks = webhooks(talk);
  await vi.waitFor(() => expect(unreceived(talk)).toBe(1));
  talk.say(aster, "4");
  await vi.waitFor(() => expect(unreceived(talk)).toBe(1));
  expect(endpoint.words()).toEqual(["1", "2", "3", "4"]);
  for (const { headers, body } of endpoint.got) {
    const verified = new Webhook(secret).verify(body, {
      "webhook-id": String(headers["webhook-id"]),
      "webhook-timestamp": String(headers["webhook-timestamp"]),
      "webhook-signature": String(headers["webhook-signature"]),
    });
    expect(providerEvent.parse(verified).id).toBe(headers["webhook-id"]);
    expect(headers["content-type"]).toContain("application/cloudevents+json");
  }
  expect(talk.endpoints.get(aster)).toMatchObject({ ok: true, words: "The endpoint answered 204." });
});

test("what fails is tried again with the same id, and holds up its own thread alone", async () => {
  const failing = ids.next("inc");
  await using endpoint = await customer(({ body }, count) =>
    JSON.parse(body).subject === failing && count < 8 ? (count % 2 === 0 ? 500 : 0) : 200,
  );
  const talk = talkWith(endpoint.port);
  talk.say(aster, "a1", { incidentId: failing });
  talk.say(aster, "a2", { incidentId: failing });
  for (const words of ["b1", "b2"]) talk.say(aster, words);
  await using _hooks = webhooks(talk);
  await vi.waitFor(() => expect(unreceived(talk)).toBe(0), 10_000);
  const words = endpoint.words();
  expect(words.filter((it) => it === "a1").length).toBeGreaterThan(1);
  expect(words.filter((it) => it === "a2")).toHaveLength(1);
  expect(words.lastIndexOf("a1")).toBeLessThan(words.indexOf("a2"));
  expect(words.indexOf("b2")).toBeLessThan(words.indexOf("a2"));
  expect(new Set(endpoint.got.map(({ headers }) => headers["webhook-id"])).size).toBe(4);
});

test("redirects are not followed", async () => {
  await using endpoint = await customer(() => 302);
  const talk = talkWith(endpoint.port);
  talk.say(aster, "1");
  await using _hooks = webhooks(talk);
  await vi.waitFor(() => expect(talk.endpoints.get(aster)?.words).toContain("redirects are not followed"));
  expect(endpoint.got.every(({ path }) => path === "/belay")).toBe(true);
  expect(unreceived(talk)).toBe(1);
});

test("410 ends the deliveries until the endpoint is set or tested anew", async () => {
  await using endpoint = await customer((_, count) => (count === 1 ? 410 : 200));
  const talk = talkWith(endpoint.port);
  talk.say(aster, "1");
  await using hooks = webhooks(talk);
  await vi.waitFor(() => expect(talk.endpoints.get(aster)).toMatchObject({ ok: false, gone: true, words: goneWords }));
  talk.say(aster, "2");
  const { url } = talk.endpoints.get(aster) ?? { url: "" };
  expect(await hooks.caller.test({ url, secret })).toMatchObject({ ok: true, words: "The endpoint answered 200." });
  expect(endpointTest.parse(JSON.parse(endpoint.got.at(-1)?.body ?? "")).id).toMatch(/^msg_/);
  expect(endpoint.got).toHaveLength(2); // the 410 and the test
  await talk.store.recordDelivery(aster, { ok: true, words: "tested" }, Date.now());
  await vi.waitFor(() => expect(unreceived(talk)).toBe(0));
});

test("a connected manager gets the messages, the endpoint nothing", async () => {
  await using endpoint = await customer(() => 200);
  const talk = talkWith(endpoint.port);
  const manager = { organizationId: aster, instance: "instance-1", name: "m", version: "1" };
  await talk.store.claimManager(manager, 60_000, Date.now());
  talk.say(aster, "1");
  await using _hooks = webhooks(talk);
  talk.endpoints.set(birch, {
    ...manager,
    organizationId: birch,
    url: `http://127.0.0.1:${endpoint.port}/b`,
    secret,
    words: null,
    ok: true,
    gone: false,
    triedAt: null,
  });
  talk.say(birch, "2");
  await vi.waitFor(() => expect(endpoint.words()).toEqual(["2"]));
  await talk.store.releaseManager(aster, "instance-1", Date.now());
  await vi.waitFor(() => expect(endpoint.words()).toEqual(["2", "1"]));
});

test("a name that points elsewhere since it was set is not called", async () => {
  await using endpoint = await customer(() => 200);
  const talk = talkWith(endpoint.port, `http://manager.example:${endpoint.port}/belay`);
  talk.allow([]);
  talk.say(aster, "1");
  await using _hooks = webhooks(talk);
  await vi.waitFor(() => expect(talk.endpoints.get(aster)?.words).toContain("manager.example is 127.0.0.1"));
  expect(endpoint.got).toEqual([]);
  talk.allow(["127.0.0.0/8"]); // the name is unknown to the system's resolver: only the checked address can have been called
  await vi.waitFor(() => expect(endpoint.words()).toEqual(["1"]));
});
