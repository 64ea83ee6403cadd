import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

test.each([
  ["before it was written down", "store.recordCheckpoint", "before"],
  ["before the person was told", "store.endWish", "before"],
] as const)("what a person asked to have saved is kept, also where Belay dies %s", async (_, name, when) => {
  const rig = await createRig({ hosts: [{ name: "host-1", sharedPaths: ["/shared"], vms: [{ name: "web-1" }] }] });
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  await rig.act({ do: "save-now", vm: "web-1", key: "a" });
  await rig.act({ do: "belay-dies-at", call: 1, when, name });
  await rig.clock.advance(10_000);
  expect(rig.belay.aliveSince()).toBeUndefined();
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(20_000);
  expect([...rig.store.tables.wishes.values()].map(({ ended }) => ended?.ok)).toEqual([true]);
  expect([...rig.store.tables.checkpoints.values()].map(({ kept }) => kept)).toEqual([true]);
  expect(rig.cloud.world.saved.states.size).toBe(1);
  rig.close();
});
