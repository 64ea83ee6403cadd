import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { CustomerMessage, ProviderMessage, Vm } from "../model/index.ts";
import { type TestCloud, testCloud } from "../service/testing/cloud.ts";
import { eventOf, keyOf, startHub } from "./testing/hub.ts";

/** The hub on the real store: what the engine says in another process reaches the manager, and what the manager says is kept. */

let cloud: TestCloud;
let vm: Vm;
beforeAll(async () => {
  cloud = await testCloud();
  vm = await cloud.vm(await cloud.host("one"), "web-1", cloud.aster.organizationId);
});
afterAll(() => cloud[Symbol.asyncDispose]());

const announced = (work: string): ProviderMessage => ({
  kind: "maintenance.announced",
  ...{ vm: { id: vm.id, name: vm.name }, work, words: work, startsAt: Date.now() + 60_000 },
  actions: ["begin"],
});
const say = (work: string) =>
  cloud.store.engine.say(
    {
      ...{ key: work, organizationId: cloud.aster.organizationId, incidentId: null, repairId: null },
      message: announced(work),
    },
    Date.now(),
  );

test("what the engine says reaches the manager by the database's wake, in order; what it answers is kept", async () => {
  const { organizationId } = cloud.aster;
  const limits = { beatMs: 60_000, leaseMs: 120_000 }; // no beat: the wake alone must do
  await using live = await startHub(cloud.store.service, new Map([["aster", keyOf(organizationId)]]), limits);
  const manager = live.manager("aster");
  const { epoch, standing } = await manager.until("welcome");
  expect(standing).toBe("active");
  const works = Array.from({ length: 20 }, (_, index) => `work-${index}`);
  for (const work of works) await say(work);
  await vi.waitFor(() => expect(manager.words()).toEqual(works), 20_000);
  await vi.waitFor(async () => expect(await cloud.store.service.undelivered(organizationId, 10)).toEqual([]), 20_000);
  const answer: CustomerMessage = { kind: "maintenance.answered", work: "work-3", vmId: vm.id, action: "begin" };
  const [first, again] = [eventOf(answer, epoch), eventOf(answer, epoch)];
  for (const message of [first, first, again]) manager.send({ type: "message", message });
  await manager.until("taken", ({ id }) => id === first.id);
  expect(await manager.until("refused")).toMatchObject({
    ...{ id: again.id, error: { code: "conflict", message: "The announcement was answered already." } },
  });
  const kept = await cloud.store.service.conversation(organizationId, null);
  expect(kept.filter(({ from }) => from === "customer")).toMatchObject([{ id: first.id, message: answer }]);
});

test("two processes hear one organization: the second manager acts once the first one left", async () => {
  const { organizationId } = cloud.birch;
  const keys = new Map([["birch", keyOf(organizationId)]]);
  await using one = await startHub(cloud.store.service, keys);
  await using other = await startHub(cloud.store.service, keys);
  const first = one.manager("birch", { instance: "instance-a" });
  expect(await first.until("welcome")).toMatchObject({ standing: "active", epoch: 1 });
  const second = other.manager("birch", { instance: "instance-b" });
  expect(await second.until("welcome")).toMatchObject({ standing: "standby" });
  first.ws.close(1000);
  expect(await second.until("standing")).toMatchObject({ standing: "active", epoch: 2 });
});
