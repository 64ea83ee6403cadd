import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

const seconds = 1000;

/** A VM that is saved every five seconds, and of which a person keeps a state, until the store is full. */
async function fullRig() {
  const rig = await createRig({ hosts: [{ name: "host-1", sharedPaths: ["/shared"], vms: [{ name: "web-1" }] }] });
  const by = { userId: null, name: "operator", organizationId: rig.ids.next("org"), role: "provider" } as const;
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "choose", vm: "web-1", consent: "roll-back", checkpointEveryMs: 5 * seconds });
  await rig.clock.advance(5 * seconds);
  await rig.act({ do: "keep-checkpoint", vm: "web-1", back: 0, kept: true });
  await rig.clock.advance(60 * seconds);
  await rig.act({ do: "store-fills" });
  await rig.clock.advance(10 * seconds);
  const [vm] = [...rig.store.tables.vms.keys()];
  if (vm === undefined) throw new Error("a cloud without a VM");
  const rows = () => rig.store.engine.checkpointsOf(vm);
  const fullSince = async () => (await rig.store.service.snapshot(0)).checkpointStoreFullSince;
  const told = async () =>
    (await rig.store.feed.after(0, 10_000)).filter(({ words }) => words.startsWith("The store of checkpoints is"));
  return { rig, by, rows, fullSince, told };
}

test("of a full store goes what is more than is to be kept, as soon as fewer are to be kept", async () => {
  const { rig, by, rows } = await fullRig();
  const before = await rows();
  expect(before).toHaveLength(9);
  await rig.store.service.changePolicy({ checkpointsKept: 3 }, by, rig.clock.now());
  await rig.clock.advance(10 * seconds);
  expect(await rows()).toEqual([...before.slice(0, 3), before[8]]);
  expect([...rig.cloud.world.saved.states.keys()].sort()).toEqual((await rows()).map(({ id }) => id).sort());
  rig.close();
});

test("of a full store goes what a person lets go", async () => {
  const { rig, rows } = await fullRig();
  await rig.act({ do: "keep-checkpoint", vm: "web-1", back: 8, kept: false });
  await rig.clock.advance(40 * seconds);
  expect(await rows()).toHaveLength(8);
  rig.close();
});

test("of a VM that is not to be saved any more two stay, and what a person keeps", async () => {
  const { rig, rows } = await fullRig();
  const before = await rows();
  await rig.act({ do: "choose", vm: "web-1", checkpointEveryMs: 0 });
  await rig.clock.advance(40 * seconds);
  expect(await rows()).toEqual([...before.slice(0, 2), before[8]]);
  rig.close();
});

test("saving that was switched off by mistake costs nothing soon, as long as there is room", async () => {
  const { rig, rows } = await fullRig();
  await rig.act({ do: "store-empties" });
  await rig.clock.advance(30 * seconds);
  await rig.act({ do: "choose", vm: "web-1", checkpointEveryMs: 0 });
  await rig.clock.advance(5 * seconds);
  const before = await rows();
  expect(before).toHaveLength(9);
  await rig.clock.advance(180 * seconds);
  expect(await rows()).toEqual(before);
  rig.close();
});

test("the provider is told that the store is full, once, and when it is so no more, also by the next life of Belay", async () => {
  const { rig, fullSince, told } = await fullRig();
  expect(await fullSince()).not.toBeNull();
  await rig.clock.advance(60 * seconds);
  expect(await told()).toHaveLength(1);
  await rig.act({ do: "belay-dies" });
  await rig.act({ do: "store-empties" });
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(20 * seconds);
  expect(await fullSince()).toBeNull();
  expect(await told()).toHaveLength(2);
  rig.close();
});

test("once nobody wants anything saved it is not known that it is full", async () => {
  const { rig, fullSince } = await fullRig();
  await rig.act({ do: "choose", vm: "web-1", checkpointEveryMs: 0 });
  await rig.clock.advance(11 * 60 * seconds);
  expect(await fullSince()).toBeNull();
  rig.close();
});
