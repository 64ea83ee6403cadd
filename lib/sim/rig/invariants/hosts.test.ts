import { expect, test } from "vitest";
import { createRig } from "../rig.ts";
import { createWatchman } from "../watchman.ts";

const hosts = [1, 2, 3].map((n) => ({ name: `host-${n}`, fence: [{}], vms: [{ name: `web-${n}` }] }));

async function watchedRig() {
  const rig = await createRig({ hosts });
  const watchman = createWatchman(rig);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(10_000);
  const [device] = rig.store.tables.fenceDevices.values();
  if (!device) throw new Error("no fence device was enrolled");
  const off = async () => {
    const done = rig.cloud.fence.switch(device, "off");
    await rig.clock.advance(1000);
    await done;
    return watchman.check().filter((words) => words.startsWith("4:"));
  };
  return { rig, watchman, off };
}

test("a healthy host that is switched off is a breach", async () => {
  const { rig, off } = await watchedRig();
  expect(await off()).toEqual(["4: host-1 was switched off, and Belay itself could reach it."]);
  rig.close();
});

test("so is one that only Belay does not reach", async () => {
  const { rig, off } = await watchedRig();
  await rig.act({ do: "isolate", host: "host-1" });
  await rig.clock.advance(10_000);
  expect(await off()).toEqual(["4: host-1 was switched off, and 2 of 2 other hosts could reach it."]);
  rig.close();
});

test("one that nobody reaches may be switched off", async () => {
  const lonely = await watchedRig();
  await lonely.rig.act({ do: "cut", host: "host-1" });
  expect(await lonely.off()).toEqual([]);
  lonely.rig.close();
});
