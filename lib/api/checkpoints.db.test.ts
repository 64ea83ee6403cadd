import { afterAll, beforeAll, expect, test } from "vitest";
import { checkpointList, checkpointView, errorBody, intentAccepted, intentView, vmView } from "../contract/index.ts";
import { protectedSince, saved } from "../store/testing/checkpoints.ts";
import { testApi } from "./testing.ts";

let api: Awaited<ReturnType<typeof testApi>>;
beforeAll(async () => {
  api = await testApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const refusalOf = async (reply: Response) => ({ status: reply.status, ...errorBody.parse(await reply.json()).error });

async function savedVm(name: string) {
  const { cloud } = api;
  const vm = await cloud.vm(await cloud.host(`host-of-${name}`), name, cloud.aster.organizationId);
  const checkpoint = saved(cloud.ids, vm.id, Date.now(), { words: `host-of-${name}` });
  await cloud.store.engine.recordCheckpoint(checkpoint, Date.now());
  await cloud.store.engine.recordCheckpointStatus(protectedSince(vm.id, checkpoint.at), Date.now());
  return { vm, checkpoint };
}

test("the owner lists, takes, keeps and restores over HTTP, and asks how it went", async () => {
  const { vm, checkpoint } = await savedVm("over-http");
  const ada = await api.session("ada");
  const listed = await (await api.send("GET", `/api/v1/vms/${vm.id}/checkpoints?limit=5`, ada)).text();
  expect(checkpointList.parse(JSON.parse(listed)).checkpoints.map((it) => it.id)).toEqual([checkpoint.id]);
  expect(listed).not.toContain("host-of");

  const chosen = await api.send("PATCH", `/api/v1/vms/${vm.id}`, ada, { checkpointEveryMs: 7000, standby: true });
  expect(vmView.parse(await chosen.json())).toMatchObject({ checkpointEveryMs: 7000, standby: true, hostId: null });
  for (const checkpointEveryMs of [1, -5, 1000.5, 86_400_001])
    expect(await refusalOf(await api.send("PATCH", `/api/v1/vms/${vm.id}`, ada, { checkpointEveryMs }))).toMatchObject({
      status: 400,
      field: "checkpointEveryMs",
    });

  const asked = { ...ada, "idempotency-key": "take-1" };
  const take = () => api.send("POST", `/api/v1/vms/${vm.id}/checkpoints`, asked);
  const first = await take();
  expect(first.status).toBe(202);
  const { intentId } = intentAccepted.parse(await first.json());
  expect(intentAccepted.parse(await (await take()).json()).intentId).toBe(intentId);
  await api.cloud.store.engine.endWish(intentId, { ok: true, words: "Saved." }, Date.now());
  const outcome = await api.send("GET", `/api/v1/intents/${intentId}`, ada);
  expect(intentView.parse(await outcome.json())).toEqual({ intentId, ended: true, ok: true, words: "Saved." });

  const path = `/api/v1/checkpoints/${checkpoint.id}`;
  const kept = await api.send("POST", `${path}/keep`, ada, { kept: true });
  expect(checkpointView.parse(await kept.json())).toMatchObject({ kept: true });
  const unsure = await api.send("POST", `${path}/restore`, { ...ada, "idempotency-key": "r-1" }, { confirm: false });
  expect(await refusalOf(unsure)).toMatchObject({ status: 400, field: "confirm" });
  expect(
    (await api.send("POST", `${path}/restore`, { ...ada, "idempotency-key": "r-1" }, { confirm: true })).status,
  ).toBe(202);
  const keyless = await api.send("POST", `${path}/restore`, ada, { confirm: true });
  expect(await refusalOf(keyless)).toMatchObject({ status: 400, field: "Idempotency-Key" });
  const odd = await api.send("POST", `${path}/restore-beside`, { ...ada, "idempotency-key": "b-1" }, { name: "a/b" });
  expect(await refusalOf(odd)).toMatchObject({ status: 400, field: "name" });
  const beside = await api.send(
    "POST",
    `${path}/restore-beside`,
    { ...ada, "idempotency-key": "b-1" },
    { name: "look" },
  );
  expect(beside.status).toBe(202);
});

test("another customer finds nothing: not the VM's saved states, not by their id, not what was asked", async () => {
  const { vm, checkpoint } = await savedVm("not-yours");
  const [ada, ben] = [await api.session("ada"), await api.session("ben")];
  const taken = await api.send("POST", `/api/v1/vms/${vm.id}/checkpoints`, { ...ada, "idempotency-key": "n-1" });
  const { intentId } = intentAccepted.parse(await taken.json());
  const before = await api.cloud.store.engine.pendingWishes();
  for (const [method, path, sent] of [
    ["GET", `/vms/${vm.id}/checkpoints`, undefined],
    ["POST", `/vms/${vm.id}/checkpoints`, undefined],
    ["PATCH", `/vms/${vm.id}`, { checkpointEveryMs: 0 }],
    ["POST", `/checkpoints/${checkpoint.id}/restore`, { confirm: true }],
    ["POST", `/checkpoints/${checkpoint.id}/restore-beside`, { name: "mine" }],
    ["POST", `/checkpoints/${checkpoint.id}/keep`, { kept: true }],
    ["GET", `/intents/${intentId}`, undefined],
  ] as const) {
    const reply = await api.send(method, `/api/v1${path}`, { ...ben, "idempotency-key": crypto.randomUUID() }, sent);
    expect(await refusalOf(reply), path).toMatchObject({ status: 404, code: "not-found" });
  }
  expect(await api.cloud.store.engine.pendingWishes()).toEqual(before);
  expect(await api.cloud.store.engine.checkpointsOf(vm.id)).toEqual([checkpoint]);
});
