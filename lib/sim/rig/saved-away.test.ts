import { expect, test } from "vitest";
import { createRig } from "./rig.ts";

/** A VM that is saved every five seconds, and of which a person keeps the first state. */
async function savedRig(everyMs = 5000, forMs = 17_000) {
  const rig = await createRig({ hosts: [{ name: "host-1", sharedPaths: ["/shared"], vms: [{ name: "web-1" }] }] });
  const { saved } = rig.cloud.world;
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "choose", vm: "web-1", consent: "roll-back", checkpointEveryMs: everyMs });
  await rig.clock.advance(4000);
  await rig.act({ do: "keep-checkpoint", vm: "web-1", back: 0, kept: true });
  await rig.clock.advance(forMs);
  const [vm] = [...rig.store.tables.vms.keys()];
  if (vm === undefined) throw new Error("a cloud without a VM");
  const rows = () => rig.store.engine.checkpointsOf(vm);
  const anotherLife = async (meanwhile: () => void, ms: number) => {
    await rig.act({ do: "belay-dies" });
    meanwhile();
    await rig.act({ do: "belay-starts" });
    await rig.clock.advance(ms);
  };
  return { rig, saved, vm, rows, anotherLife };
}

test("what could not be read at one start, for want of a key or a disk, is shown and held as before once it can", async () => {
  const { rig, saved, rows, anotherLife } = await savedRig();
  const before = await rows();
  expect(before.filter(({ kept }) => kept)).toHaveLength(1);
  expect(before.length).toBeGreaterThan(2);
  const away = [...saved.states.values()];

  await anotherLife(() => {
    for (const state of away) state.isUnsure = true;
  }, 130_000); // so long that it would be verified, and forgotten with age
  expect((await rows()).length).toBeGreaterThan(before.length);
  expect(await rows()).toEqual(expect.arrayContaining(before));
  for (const { id } of before) expect(saved.states.has(id)).toBe(true);

  await anotherLife(() => {
    for (const state of away) state.isUnsure = false;
  }, 30_000);
  const kept = before.filter((it) => it.kept);
  expect(await rows()).toEqual(expect.arrayContaining(kept)); // others are as old as what is forgotten always
  for (const { id } of kept) expect(saved.states.has(id)).toBe(true);
  rig.close();
});

test("a store that was made anew, because the disk of the other was not mounted, costs nothing of what is on that disk", async () => {
  const { rig, saved, rows, anotherLife } = await savedRig();
  const before = await rows();
  const here = saved.store;
  await anotherLife(() => {
    saved.store = "made anew";
  }, 130_000);
  expect(await rows()).toEqual(expect.arrayContaining(before));

  const there = (await rows()).filter(({ id }) => !before.some((it) => it.id === id));
  expect(there.length).toBeGreaterThan(1);
  await anotherLife(() => {
    saved.store = here;
  }, 1500); // before it is saved again
  for (const { id } of before) expect(saved.states.has(id)).toBe(true);
  expect(await rows()).toEqual(expect.arrayContaining([...before, ...there]));
  rig.close();
});

test("what the store of bytes has lost is shown as damaged, and is not taken away from who keeps it", async () => {
  const { rig, saved, rows, anotherLife } = await savedRig();
  const kept = (await rows()).find((it) => it.kept);
  if (kept === undefined) throw new Error("nothing is kept");
  await anotherLife(() => saved.states.delete(kept.id), 10_000);
  expect((await rows()).find(({ id }) => id === kept.id)).toMatchObject({ state: "damaged", kept: true });
  rig.close();
});

test("an older state that the store itself found damaged is shown so, and is not left to be found out at a failure", async () => {
  const { rig, saved, rows } = await savedRig(10 * 60_000, 25 * 60_000);
  const [newest, older] = await rows();
  const state = older && saved.states.get(older.id);
  if (state === undefined) throw new Error("there is no older one");
  state.damaged = true;
  state.knownDamaged = true;
  await rig.clock.advance(2 * 60_000);
  expect(await rows()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: older?.id, state: "damaged", words: expect.stringContaining("checksum") }),
      expect.objectContaining({ id: newest?.id, state: "valid" }),
    ]),
  );
  rig.close();
});
