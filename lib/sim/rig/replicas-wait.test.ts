import { expect, test } from "vitest";
import { CheckpointDamaged } from "../../engine/ports.ts";
import { createRig } from "./rig.ts";

const seconds = 1000;

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

test("those that are saved faster than their replicas can be brought do not keep others from having one", async () => {
  const names = [1, 2, 3, 4, 5, 6];
  const rig = await createRig({
    hosts: names.map((n) => ({ name: `host-${n}`, sharedPaths: ["/shared"], vms: [{ name: `web-${n}` }] })),
  });
  const { checkpoints } = rig.cloud;
  const { refreshStandby } = checkpoints;
  checkpoints.refreshStandby = async (...given) => {
    await rig.clock.sleep(20 * seconds);
    return refreshStandby(...given);
  };
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  const often = { checkpointEveryMs: 5 * seconds, standby: true, checkpointGroup: "all" };
  await rig.act({ do: "choose", vm: "*", consent: "roll-back", ...often });
  await rig.clock.advance(90 * seconds);
  expect(rig.cloud.world.saved.standbys.size).toBe(6);
  rig.close();
});

test("a replica is brought on with the next save after the database failed in the middle of it", async () => {
  const names = [1, 2];
  const rig = await createRig({
    hosts: names.map((n) => ({ name: `host-${n}`, sharedPaths: ["/shared"], vms: n === 1 ? [{ name: "web-1" }] : [] })),
  });
  const { checkpoints } = rig.cloud;
  const { refreshStandby } = checkpoints;
  const { engine } = rig.store;
  const { recordVerified } = engine;
  const failed: string[] = [];
  checkpoints.refreshStandby = async (...given) => {
    if (failed.length === 0) throw new CheckpointDamaged("Bytes of it do not have their checksum.");
    return refreshStandby(...given);
  };
  engine.recordVerified = async (...given) => {
    if (failed.push(given[0]) === 1) throw new Error("The database was started anew.");
    return recordVerified(...given);
  };
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "choose", vm: "web-1", consent: "roll-back", checkpointEveryMs: 5 * seconds, standby: true });
  await rig.clock.advance(30 * seconds);
  expect(failed).toHaveLength(1);
  const [status] = (await rig.store.engine.checkpointStatuses()).values();
  expect(status?.standby?.ready).toBe(true);
  rig.close();
});
