import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

test("replicas that wait for others to be made are made when those are, and not at the next save", async () => {
  const names = [1, 2, 3, 4, 5, 6];
  const rig = await createRig({
    hosts: names.map((n) => ({ name: `host-${n}`, sharedPaths: ["/shared"], vms: [{ name: `web-${n}` }] })),
  });
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  const often = { checkpointEveryMs: 24 * 60 * 60_000, standby: true, checkpointGroup: "all" };
  await rig.act({ do: "choose", vm: "*", consent: "roll-back", ...often }); // all at one instant
  await rig.clock.advance(20_000);
  const statuses = [...(await rig.store.engine.checkpointStatuses()).values()];
  expect(statuses.map(({ standby }) => standby?.ready)).toEqual(names.map(() => true));
  expect(rig.cloud.world.saved.standbys.size).toBe(6);
  const told = (await rig.store.feed.after(0, 10_000)).filter(({ words }) => words.includes("It waits its turn"));
  expect(told).toHaveLength(2);
  rig.close();
});
