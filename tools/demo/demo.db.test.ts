import { afterEach, beforeEach, expect, test } from "vitest";
import { operatorToken, origin, testApi } from "../../lib/api/testing.ts";
import type { HostView } from "../../lib/contract/index.ts";
import { ready } from "../../lib/service/testing/cloud.ts";
import { operatorClient } from "../operator/client.ts";
import { type DemoOptions, demo } from "./demo.ts";

/** The demo against the real API on a real database; the test plays the engine, which takes the guests over. */

let api: Awaited<ReturnType<typeof testApi>>;
let said: string[];
let options: DemoOptions;

beforeEach(async () => {
  api = await testApi();
  said = [];
  options = {
    client: operatorClient({ url: origin, token: async () => operatorToken, fetch: (request) => api.fetch(request) }),
    hosts: ["host-1", "host-2"].map((name) => host(name)),
    guests: ["web-1", "web-3", "mine"].map((name) => ({
      name,
      answerCheck: { kind: "tcp", address: "198.18.0.9", port: 80 },
    })),
    say: (words) => said.push(words),
  };
});
afterEach(() => api[Symbol.asyncDispose]());

function host(name: string, hostKeySha256 = `SHA256:${name}`) {
  const uri = `qemu+ssh://root@${name}/system`;
  api.cloud.found.set(uri, ready(uri, hostKeySha256));
  const fence = { agent: "fence_test", options: { plug: name } };
  return { name, uri, hostKeySha256, fence, sharedPaths: ["/srv/shared"] };
}

const hosts = () => api.cloud.service.hosts(api.cloud.admin);

/** Lets the engine of this test take over a guest as soon as its host is there. */
async function adopt(on: string, ...guests: string[]): Promise<void> {
  const find = async (): Promise<HostView | undefined> => (await hosts()).find(({ name }) => name === on);
  await expect.poll(find, { timeout: 10_000 }).toBeDefined();
  const found = await find();
  if (found !== undefined) for (const guest of guests) await api.cloud.vm(found.id, guest);
}

const owners = async () => {
  const { vms, applications, organizations } = await api.cloud.service.cloud(api.cloud.admin);
  return vms
    .map(({ name, applicationId, organizationId, answerCheck, consent }) => ({
      name,
      application: applications.find(({ id }) => id === applicationId)?.name,
      organization: organizations.find(({ id }) => id === organizationId)?.name,
      check: answerCheck.kind,
      consent,
    }))
    .sort((one, other) => one.name.localeCompare(other.name));
};

const assigned = [
  { name: "mine", application: undefined, organization: undefined, check: "agent", consent: "restart-vm" },
  { name: "web-1", application: "shop", organization: "Aster", check: "tcp", consent: "relocate" },
  { name: "web-3", application: "blog", organization: "Birch", check: "tcp", consent: "relocate" },
];

test("enrols the hosts with fault injection, waits for the guests and gives them to the customers; again changes nothing", async () => {
  await Promise.all([demo(options), adopt("host-1", "web-1"), adopt("host-2", "web-3", "mine")]);
  expect((await hosts()).map(({ name, faultInjection }) => [name, faultInjection])).toEqual([
    ["host-1", true],
    ["host-2", true],
  ]);
  expect(await owners()).toEqual(assigned);
  expect((await hosts()).map(({ sharedPaths }) => sharedPaths)).toEqual([["/srv/shared"], ["/srv/shared"]]);
  const { fenceDevices } = await api.cloud.service.cloud(api.cloud.admin);
  expect(fenceDevices.map(({ agent, options: { plug } }) => [agent, plug]).sort()).toEqual([
    ["fence_test", "host-1"],
    ["fence_test", "host-2"],
  ]);
  const seq = await api.cloud.store.feed.lastSeq();
  await demo(options);
  expect(await api.cloud.store.feed.lastSeq()).toBe(seq);
});

test("what people changed since stays as they left it", async () => {
  await Promise.all([demo(options), adopt("host-1", "web-1"), adopt("host-2", "web-3")]);
  const { service, admin, birch } = api.cloud;
  for (const { id } of (await service.cloud(admin)).fenceDevices) await service.removeFenceDevice(admin, id);
  const shop = (await service.vms(admin)).find(({ name }) => name === "web-1");
  if (shop !== undefined) await service.changeVm(admin, shop.id, { organizationId: birch.organizationId });
  await demo(options);
  expect(await owners()).toContainEqual({
    name: "web-1",
    application: undefined,
    organization: "Birch",
    check: "tcp",
    consent: "relocate",
  });
  expect((await service.cloud(admin)).fenceDevices).toEqual([]);
});

test("a host that was made anew, with a new key, takes the place of the old one", async () => {
  await Promise.all([demo(options), adopt("host-1", "web-1"), adopt("host-2", "web-3")]);
  const old = (await hosts()).find(({ name }) => name === "host-2");
  const again = {
    ...options,
    hosts: [host("host-1"), host("host-2", "SHA256:fresh")],
    guests: options.guests.slice(0, 1),
  };
  await demo(again);
  const fresh = (await hosts()).find(({ name }) => name === "host-2");
  expect(fresh).toMatchObject({ hostKeySha256: "SHA256:fresh" });
  expect(fresh?.id).not.toBe(old?.id);
});

test("guests that are not taken over in time are named, with what the hosts say", async () => {
  await expect(demo({ ...options, adoptWithinMs: 300 })).rejects.toMatchObject({
    message: expect.stringContaining("web-1, web-3"),
    cure: expect.stringContaining("host-1 connecting"),
  });
});
