import { open, readdir, rename, rm, symlink, truncate } from "node:fs/promises";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { DamagedData, NotSure } from "../words.ts";
import type { DamageReport } from "./damage.ts";
import { openStore } from "./store.ts";
import { gathered, isJust, memory } from "./testing/captures.ts";
import { putInto } from "./testing/model.ts";
import { directoryForTest, seeds } from "./testing/places.ts";

vi.setConfig({ testTimeout: 60_000 });

async function flip(file: string, at: number): Promise<void> {
  const handle = await open(file, "r+");
  const byte = Buffer.alloc(1);
  const { size } = await handle.stat();
  const where = at < 0 ? size + at : at;
  await handle.read(byte, 0, 1, where);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await handle.write(byte, 0, 1, where);
  await handle.close();
}

/** "first" and, on it, "second", which overwrites all but ten pages of it; "other" of another VM, with pages of its own. */
async function three() {
  const directory = await directoryForTest();
  const reports: DamageReport[] = [];
  const options = { directories: [directory], onDamage: (report: DamageReport) => void reports.push(report) };
  const store = await openStore(options);
  await putInto(store, "first", "vm_one", null, [{ volume: memory(300), pages: seeds(1, 200) }]);
  await putInto(store, "second", "vm_one", "first", [{ volume: memory(300), pages: seeds(501, 190) }]);
  await putInto(store, "other", "vm_two", null, [{ volume: memory(300), pages: seeds(1001, 200) }]);
  await store.close();
  const files = async (kind: string) =>
    (await readdir(path.join(directory, kind))).sort().map((name) => path.join(directory, kind, name));
  const fileOf = async (kind: string, index: number) => (await files(kind))[index] ?? "";
  return { directory, options, reports, files, fileOf };
}
const all = new Map([...seeds(1, 200), ...seeds(501, 190)]);

/** Segments are numbered as they were made: 0 of "first", 1 of "second", 2 of "other". Manifests sort by name: first, other, second. */
test.each([
  { what: "a page of a segment", kind: "segments", index: 1, at: -100, lost: ["second"] },
  { what: "a segment's header", kind: "segments", index: 1, at: 300, lost: ["second"] },
  { what: "a segment that others build on", kind: "segments", index: 0, at: 100, lost: ["first", "second"] },
  { what: "a manifest's index", kind: "manifests", index: 0, at: -3, lost: ["first", "second"] },
  { what: "the newest manifest's index", kind: "manifests", index: 2, at: -3, lost: ["second"] },
])("a bit of $what is another: who needs it is damaged, the others are whole", async ({ kind, index, at, lost }) => {
  const { options, fileOf, reports } = await three();
  await flip(await fileOf(kind, index), at);
  const store = await openStore(options);
  for (const id of ["first", "second", "other"]) expect(await store.verify(id)).toBe(!lost.includes(id));
  for (const id of ["first", "second", "other"])
    expect((await store.get(id))?.damaged === null, id).toBe(!lost.includes(id));
  for (const id of lost) await expect(gathered(store.read(id, "memory/pc.ram"))).rejects.toBeInstanceOf(DamagedData);
  expect(isJust((await gathered(store.read("other", "memory/pc.ram"))).pages, seeds(1001, 200))).toBe(true);
  if (!lost.includes("first"))
    expect(isJust((await gathered(store.read("first", "memory/pc.ram"))).pages, seeds(1, 200))).toBe(true);
  expect(reports.flatMap(({ checkpoints }) => checkpoints).sort()).toEqual([...lost].sort());
  await store.close();

  const again = await openStore(options); // it is known without reading all of it again
  await again.ready;
  if (kind === "segments")
    expect((await again.list("vm_one")).filter(({ damaged }) => damaged !== null).length).toBe(lost.length);
  await expect(
    putInto(again, "third", "vm_one", "second", [{ volume: memory(300), pages: new Map() }]),
  ).rejects.toBeInstanceOf(DamagedData);
  // A new one does not refer to what is lost, and what is lost can be taken away.
  await putInto(again, "fourth", "vm_one", null, [{ volume: memory(300), pages: all }]);
  expect(await again.verify("fourth")).toBe(true);
  await again.drop(lost);
  await again.collect();
  expect(isJust((await gathered(again.read("fourth", "memory/pc.ram"))).pages, all)).toBe(true);
  expect(await again.verify("other")).toBe(true);
  await again.close();
});

test.each([
  ["is missing", (file: string) => rm(file)],
  ["is cut short", (file: string) => truncate(file, 500)],
  ["is another", (file: string, other: string) => rename(other, file)],
])("a segment that %s is known at the start", async (_, harm) => {
  const { options, fileOf } = await three();
  await harm(await fileOf("segments", 1), await fileOf("segments", 2));
  const store = await openStore(options);
  await store.ready;
  expect((await store.get("first"))?.damaged).toBeNull();
  expect((await store.get("second"))?.damaged).not.toBeNull();
  await store.close();
});

test.each([
  ["its beginning", 20],
  ["its head", 200],
])("a manifest whose %s is damaged is not listed, and can be dropped", async (_, at) => {
  const { options, fileOf, reports } = await three();
  await flip(await fileOf("manifests", 2), at);
  const store = await openStore(options);
  expect(reports[0]?.checkpoints).toEqual(["second"]);
  expect((await store.list("vm_one")).map(({ facts }) => facts.checkpoint)).toEqual(["first"]);
  await store.drop(["second"]);
  await store.collect();
  await putInto(store, "second", "vm_one", "first", [{ volume: memory(300), pages: seeds(501, 190) }]);
  expect(isJust((await gathered(store.read("second", "memory/pc.ram"))).pages, all)).toBe(true);
  await store.close();
});

test("the scrub finds what nobody reads, and what is well again is no more damaged", async () => {
  const { options, fileOf, reports } = await three();
  const store = await openStore(options);
  await store.ready;
  const file = await fileOf("segments", 2);
  await flip(file, -50);
  expect((await store.get("other"))?.damaged).toBeNull();
  await store.scrub();
  expect(reports.map(({ checkpoints }) => checkpoints)).toEqual([["other"]]);
  expect((await store.list("vm_two"))[0]?.damaged).not.toBeNull();
  expect(await store.verify("first")).toBe(true);
  await flip(file, -50); // the disk's word was wrong once
  expect(await store.verify("other")).toBe(true);
  expect((await store.get("other"))?.damaged).toBeNull();
  await store.close();
});

/** Opened, it answers every reading with EIO, as a disk does that fails. */
const failingFile = "/proc/self/mem";

test("a manifest that the disk does not give any more is not taken for lost, nor is it at the next start", async () => {
  const { options, fileOf } = await three();
  let store = await openStore(options);
  await store.ready;
  const manifest = await fileOf("manifests", 0); // of "first", which "second" builds on
  await rename(manifest, `${options.directories[0]}/aside`);
  await symlink(failingFile, manifest);
  await store.scrub();
  expect(await store.standing()).toMatchObject({ unsure: expect.arrayContaining(["first", "second"]), damaged: [] });
  expect(await store.bears("second", "org_one")).toBe(false);
  await expect(store.verify("second")).rejects.toBeInstanceOf(NotSure);
  await expect(store.collect()).rejects.toThrow("nothing is freed");
  await store.close();

  store = await openStore(options);
  await store.ready;
  expect(await store.standing()).toMatchObject({ unsure: expect.arrayContaining(["first", "second"]), damaged: [] });
  expect(await store.list("vm_one")).toEqual([]);
  await expect(store.get("second")).rejects.toThrow("cannot be read now");
  await store.close();

  await rename(`${options.directories[0]}/aside`, manifest);
  store = await openStore(options);
  expect(await store.verify("second")).toBe(true);
  expect(await store.standing()).toMatchObject({ unsure: [], damaged: [] });
  await store.close();
});

test.each([
  { what: "from the start on", late: false },
  { what: "while the store is open", late: true },
])("what the disk does not give $what is known again when it does, without another start", async ({ late }) => {
  const { options, fileOf } = await three();
  const manifest = await fileOf("manifests", 0); // of "first", which "second" builds on
  const aside = `${options.directories[0]}/aside`;
  const fail = async () => {
    await rename(manifest, aside);
    await symlink(failingFile, manifest);
  };
  if (!late) await fail();
  const store = await openStore({ ...options, unsureAgainMs: 0 });
  await store.ready;
  if (late) await fail();
  await store.scrub();
  expect((await store.standing()).unsure.toSorted()).toEqual(["first", "second"]);
  expect(await store.list("vm_one")).toEqual([]);
  await rename(aside, manifest);
  await expect.poll(async () => (await store.standing()).unsure).toEqual([]);
  expect((await store.standing()).damaged).toEqual([]);
  expect((await store.list("vm_one")).map(({ facts, damaged }) => [facts.checkpoint, damaged])).toEqual([
    ["second", null],
    ["first", null],
  ]);
  await store.collect();
  expect(await store.verify("second")).toBe(true);
  await store.close();
});

test("what `verify` reads well is no more damaged, or unsure, whatever was found before", async () => {
  const { options, fileOf } = await three();
  const store = await openStore(options);
  await store.ready;
  const manifest = await fileOf("manifests", 0);
  await flip(manifest, -3);
  expect(await store.verify("second")).toBe(false);
  expect((await store.standing()).damaged.length).toBe(2);
  await flip(manifest, -3); // the disk's word was wrong once
  expect(await store.verify("second")).toBe(true);
  expect(await store.standing()).toMatchObject({ unsure: [], damaged: [] });

  const aside = `${options.directories[0]}/aside`;
  await rename(manifest, aside);
  await symlink(failingFile, manifest);
  await expect(store.verify("second")).rejects.toBeInstanceOf(NotSure);
  await rename(aside, manifest);
  expect(await store.verify("second")).toBe(true);
  await store.close();
});

test("a damaged manifest that could not be read before is damaged, and holds nothing up", async () => {
  const { options, fileOf } = await three();
  const manifest = await fileOf("manifests", 0);
  const aside = `${options.directories[0]}/aside`;
  await rename(manifest, aside);
  await symlink(failingFile, manifest);
  const store = await openStore({ ...options, unsureAgainMs: 0 });
  await flip(aside, 20);
  await rename(aside, manifest);
  await expect.poll(async () => (await store.standing()).unsure).toEqual([]);
  expect(await store.verify("second")).toBe(false);
  expect(await store.verify("other")).toBe(true);
  await store.collect();
  await store.close();
});

test("numbers of segments are not given again when their file is lost, or damaged", async () => {
  const { options, directory } = await three();
  const next = path.join(directory, "next");
  await truncate(next, 0);
  let store = await openStore(options);
  await putInto(store, "third", "vm_one", null, [{ volume: memory(300), pages: seeds(3001, 10) }]);
  await store.close();
  await rm(next);
  store = await openStore(options);
  await putInto(store, "fourth", "vm_one", null, [{ volume: memory(300), pages: seeds(4001, 10) }]);
  for (const id of ["first", "second", "other", "third", "fourth"]) expect(await store.verify(id)).toBe(true);
  await store.close();
});
