import { afterAll, beforeAll, expect, test } from "vitest";
import { applicationView, errorBody, managerReply, newKeyReply, standingReply } from "../contract/index.ts";
import type { KeyScope } from "../model/index.ts";
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

async function keyOf(person: string, scopes: readonly KeyScope[]) {
  const name = `${person} ${crypto.randomUUID()}`;
  const reply = await send("POST", "/keys", await api.session(person), { name, scopes });
  return { headers: { authorization: `Bearer ${newKeyReply.parse(await reply.json()).secret}` } };
}

test("a program behind an endpoint reports its sensors, once Belay's messages arrive there", async () => {
  const { cloud } = api;
  const { organizationId } = cloud.aster;
  const { headers } = await keyOf("ada", ["collaborate", "configure"]);
  const vm = await cloud.vm(await cloud.host("sensed"), "sensed-1", organizationId);
  const made = await send("POST", "/applications", headers, { organizationId, name: "sensed" });
  const { id: applicationId } = applicationView.parse(await made.json());
  const sensor = {
    ...{
      name: "it answers",
      kind: "http",
      server: "web",
      vmId: vm.id,
      fromVmId: null,
      state: "ok",
      since: 1,
      words: "",
    },
  };
  const report = { applicationId, sensors: [sensor] };
  const post = (by: Headers, body: object = report) => send("POST", "/collaboration/sensors", by, body);
  expect(await refusalOf(await post(headers))).toMatchObject({ status: 409, field: "endpoint" });
  await send("PUT", "/endpoint", headers, { url: "https://away.example/" });
  expect(await refusalOf(await post(headers))).toMatchObject({
    ...{ status: 409, field: "endpoint" },
    message: "Belay's messages do not arrive at the endpoint. Nobody listens at the endpoint.",
  });
  const tries = cloud.tested.length;
  expect((await post(headers)).status).toBe(409);
  expect(cloud.tested).toHaveLength(tries); // not once per report
  await send("PUT", "/endpoint", headers, { url: "https://manager.example/" });
  await cloud.store.service.recordDelivery(organizationId, { ok: true, words: "It answered 204." }, Date.now());
  const reply = await post(headers);
  expect([reply.status, await reply.text()]).toEqual([204, ""]);
  const known = managerReply.parse(await (await send("GET", "/manager", headers)).json());
  expect(known.sensors.filter((it) => it.applicationId === applicationId)).toMatchObject([{ sensors: [sensor] }]);

  const ben = await keyOf("ben", ["collaborate"]);
  expect((await post(ben.headers)).status).toBe(409); // no endpoint of theirs
  expect((await post(api.asOperator)).status).toBe(403);
  expect((await post((await keyOf("ada", ["read"])).headers)).status).toBe(403);
  const others = await cloud.vm(await cloud.host("sensed-too"), "sensed-2", cloud.birch.organizationId);
  const foreign = { ...report, sensors: [{ ...sensor, vmId: others.id }] };
  expect(await refusalOf(await post(headers, foreign))).toMatchObject({ status: 404, field: "sensors" });
  const manager = { organizationId, instance: "over-the-socket", name: "m", version: "1" };
  await cloud.store.service.claimManager(manager, 60_000, Date.now());
  expect(await refusalOf(await post(headers))).toMatchObject({
    status: 409,
    message: expect.stringContaining("WebSocket"),
  });
  await cloud.store.service.releaseManager(organizationId, manager.instance, Date.now());
  expect((await post(headers)).status).toBe(204);
  expect((await send("DELETE", "/endpoint", headers)).status).toBe(204);
});

test("of two managers behind an endpoint one may act; a connected one keeps both from it", async () => {
  const { cloud } = api;
  const { organizationId } = cloud.birch;
  const { headers } = await keyOf("ben", ["collaborate", "configure"]);
  const post = (instance: string) =>
    send("POST", "/collaboration/standing", headers, { instance, name: "m", version: "1" });
  const stands = async (instance: string) => standingReply.parse(await (await post(instance)).json());
  expect(await refusalOf(await post("instance-a"))).toMatchObject({ status: 409, field: "endpoint" });
  await send("PUT", "/endpoint", headers, { url: "https://manager.example/" });
  const first = await stands("instance-a");
  expect(first).toMatchObject({ standing: "active", epoch: expect.any(Number), leaseMs: 10_000 });
  expect(await stands("instance-b")).toMatchObject({ standing: "standby", epoch: 0 });
  expect(await stands("instance-a")).toMatchObject({ standing: "active", epoch: first.epoch });
  const managers = await cloud.store.service.managers();
  expect(managers.find((it) => it.organizationId === organizationId)).toMatchObject({ byEndpoint: true });

  const vm = await cloud.vm(await cloud.host("stood"), "stood-1", organizationId);
  const ask = (epoch: number | undefined) =>
    send("POST", "/collaboration/messages", headers, {
      ...{ specversion: "1.0", id: cloud.ids.next("msg"), source: "m", type: "belay.diagnosis.asked.v1" },
      ...{ time: new Date().toISOString(), datacontenttype: "application/json", ...(epoch !== undefined && { epoch }) },
      data: {
        ...{ kind: "diagnosis.asked", vmId: vm.id, words: "It is gone." },
        customer: { reached: "by-all", processes: "some-dead", service: "fails" },
      },
    });
  expect((await ask(first.epoch)).status).toBe(202);
  expect(await refusalOf(await ask(first.epoch + 1))).toMatchObject({ status: 409, field: "epoch" });
  expect(await refusalOf(await ask(undefined))).toMatchObject({ status: 409, field: "epoch" }); // no one beside it

  await cloud.store.service.releaseManager(organizationId, "instance-a", Date.now());
  const connected = { organizationId, instance: "over-the-socket", name: "m", version: "1" };
  const { epoch } = await cloud.store.service.claimManager(connected, 60_000, Date.now());
  expect(epoch).toBe(first.epoch + 1);
  expect(await stands("instance-b")).toMatchObject({ standing: "standby" });
  await cloud.store.service.releaseManager(organizationId, connected.instance, Date.now());
  expect(await stands("instance-b")).toMatchObject({ standing: "active", epoch: epoch + 1 });
  const reader = await keyOf("ben", ["read"]);
  const who = { instance: "instance-c", name: "m", version: "1" };
  expect((await send("POST", "/collaboration/standing", reader.headers, who)).status).toBe(403);
  await cloud.store.service.releaseManager(organizationId, "instance-b", Date.now());
});
