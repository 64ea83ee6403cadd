import { expect, test } from "vitest";
import { placeKey } from "../checkpoints/saved.ts";
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
  const told = () => rig.log.filter(({ level, words }) => level === "warn" && words.includes("in another store"));
  await anotherLife(() => {
    saved.store = "made anew";
  }, 130_000);
  expect(await rows()).toEqual(expect.arrayContaining(before));
  expect(told().map(({ facts }) => facts)).toEqual([{ store: "made anew", elsewhere: before.length }]);

  const there = (await rows()).filter(({ id }) => !before.some((it) => it.id === id));
  expect(there.length).toBeGreaterThan(1);
  await anotherLife(() => {
    saved.store = here;
  }, 1500); // before it is saved again
  for (const { id } of before) expect(saved.states.has(id)).toBe(true);
  expect(await rows()).toEqual(expect.arrayContaining([...before, ...there]));
  rig.close();
});

test("a store that has lost its name costs nothing of what it holds", async () => {
  const { rig, saved, rows, anotherLife } = await savedRig();
  const before = await rows();
  await anotherLife(() => {
    saved.store = "named anew";
    for (const [id, state] of saved.states) saved.states.set(id, { ...state, store: saved.store });
  }, 8000);
  expect(await rows()).toEqual(expect.arrayContaining(before));
  for (const { id } of before) expect(saved.states.has(id)).toBe(true);
  const { storeId } = rig.store.tables.checkpoints.get(before[0]?.id ?? rig.ids.next("ckp")) ?? {};
  expect(storeId).toBe("named anew");
  rig.close();
});

test("what the store cannot be sure of keeps nobody from being swept", async () => {
  const vms = ["a", "b", "c", "d", "e", "f"].map((name) => ({ name }));
  const rig = await createRig({ hosts: [{ name: "host-1", sharedPaths: ["/shared"], vms }] });
  const { saved } = rig.cloud.world;
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "choose", vm: "*", checkpointEveryMs: 60_000 });
  await rig.clock.advance(60_000);
  await rig.act({ do: "choose", vm: "*", checkpointEveryMs: 0 });
  await rig.act({ do: "belay-dies" });
  for (const state of saved.states.values()) state.isUnsure = true;
  for (const { uuid } of rig.cloud.world.hosts()[0]?.domains.values() ?? [])
    saved.leftovers.set(placeKey("host-1", uuid), { runId: null, since: rig.clock.now() });
  expect(saved.leftovers.size).toBe(6);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(30_000);
  expect(saved.leftovers.size).toBe(0);
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

test.each(["in the same life of Belay", "in the next one"])(
  "what was called damaged and is well can be restored again, %s",
  async (which) => {
    const { rig, saved, rows, anotherLife } = await savedRig(10 * 60_000, 25 * 60_000);
    const older = (await rows())[1];
    const state = older && saved.states.get(older.id);
    if (state === undefined) throw new Error("there is no older one");
    state.knownDamaged = true; // its disk failed for a moment
    await rig.clock.advance(2 * 60_000);
    expect((await rows())[1]).toMatchObject({ state: "damaged" });
    const mended = () => {
      state.knownDamaged = false;
    };
    if (which === "in the next one") await anotherLife(mended, 0);
    else mended();
    await rig.clock.advance(4 * 60_000);
    expect((await rows()).find(({ id }) => id === older?.id)).toMatchObject({ state: "valid" });
    rig.close();
  },
);
