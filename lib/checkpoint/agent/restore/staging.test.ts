import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PageBatch, pageBytes } from "../../words.ts";
import { pagesOf } from "./page-file.ts";
import { Records } from "./record.ts";
import { RedoWriter, readRedo } from "./redo.ts";
import { NotHeld, Stagings } from "./staging.ts";

const uuid = "11111111-2222-4333-8444-555555555555";
const key = "standby";
let dir: string;
let stagings: Stagings;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-staging-"));
  await mkdir(path.join(dir, "shm"));
  stagings = new Stagings(new Records(path.join(dir, "records")), {
    directory: path.join(dir, "shm/belay"),
    ownedLike: dir,
  });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Page n filled with a byte; 0: a page of zeros. */
function batch(volume: string, pages: readonly (readonly [number, number])[]): PageBatch {
  const full = pages.filter(([, fill]) => fill !== 0);
  return {
    volume,
    numbers: Uint32Array.from(pages, ([number]) => number),
    zero: Uint8Array.from(pages, ([, fill]) => (fill === 0 ? 1 : 0)),
    data: Buffer.concat(full.map(([, fill]) => Buffer.alloc(pageBytes, fill))),
  };
}
const request = (checkpoint: string, since: string | null, devicesBytes = 5000) => ({
  ...{
    kind: "stage" as const,
    serial: 1,
    uuid,
    key,
    checkpoint,
    token: "tok",
    since,
    ownMemory: false,
    streamHead: "aGVhZA==",
    cookie: null,
  },
  volumes: [
    { name: "memory/pc.ram", kind: "memory" as const, sizeBytes: 16 * pageBytes, path: null },
    { name: "devices", kind: "devices" as const, sizeBytes: devicesBytes, path: null },
    {
      name: "disk/vda",
      kind: "disk" as const,
      sizeBytes: 8 * pageBytes,
      path: path.join(dir, "disks/g1.belay-tok.base"),
    },
  ],
});
async function first() {
  const filling = await stagings.begin(request("ckp_1", null));
  await filling.write(
    batch("memory/pc.ram", [
      [0, 1],
      [1, 2],
      [9, 3],
    ]),
  );
  await filling.write(
    batch("devices", [
      [0, 4],
      [1, 5],
    ]),
  );
  await filling.write(batch("disk/vda", [[7, 6]]));
  await filling.finish();
}
/** Volume → page → its byte. */
async function content() {
  const record = await stagings.whole({ uuid, key });
  const found: Record<string, Record<number, number | undefined>> = {};
  for (const file of record?.content.files ?? [])
    for await (const { numbers, data } of pagesOf(file.path, file.volume))
      numbers.forEach((number, i) => {
        found[file.volume] = { ...found[file.volume], [number]: data[i * pageBytes] };
      });
  return { checkpoint: record?.content.checkpoint, ...found };
}

test("a checkpoint becomes sparse files, and its memory lies where QEMU may map it", async () => {
  await first();
  expect(await content()).toEqual({
    checkpoint: "ckp_1",
    "memory/pc.ram": { 0: 1, 1: 2, 9: 3 },
    devices: { 0: 4, 1: 5 },
    "disk/vda": { 7: 6 },
  });
  expect(await readdir(path.join(dir, "shm/belay"))).toEqual([`${uuid}-tok.ram`]);
});

test("is changed by what differs, zeros too, and sizes follow", async () => {
  await first();
  const filling = await stagings.begin(request("ckp_2", "ckp_1", 3000));
  await filling.write(
    batch("memory/pc.ram", [
      [1, 0],
      [2, 8],
    ]),
  );
  await filling.write(
    batch("devices", [
      [0, 7],
      [1, 0],
    ]),
  );
  expect(await content()).toMatchObject({ checkpoint: "ckp_1", "memory/pc.ram": { 0: 1, 1: 2, 9: 3 } });
  await filling.finish();
  expect(await content()).toEqual({
    checkpoint: "ckp_2",
    "memory/pc.ram": { 0: 1, 2: 8, 9: 3 },
    devices: { 0: 7 },
    "disk/vda": { 7: 6 },
  });
  const devices = (await stagings.whole({ uuid, key }))?.content.files.find(({ kind }) => kind === "devices");
  expect((await readFile(devices?.path ?? "")).length).toBe(3000);
});

test("an end at any instant leaves the old state, or one that is made the new", async () => {
  await first();
  const record = await stagings.whole({ uuid, key });
  if (record === undefined) throw new Error("nothing is staged");
  const cut = await stagings.begin(request("ckp_2", "ckp_1"));
  await cut.write(batch("memory/pc.ram", [[0, 9]]));
  await cut.abandon();
  expect(await content()).toMatchObject({ checkpoint: "ckp_1", "memory/pc.ram": { 0: 1, 1: 2, 9: 3 } });

  // Written down, and half made: another life makes it whole.
  const redo = await RedoWriter.create(stagings.records.redoOf(record));
  await redo.write(
    batch("memory/pc.ram", [
      [0, 9],
      [3, 9],
    ]),
  );
  await redo.finish();
  await stagings.records.write({ ...record, redo: { ...record.content, checkpoint: "ckp_2" } });
  expect(await content()).toMatchObject({ checkpoint: "ckp_2", "memory/pc.ram": { 0: 9, 1: 2, 3: 9, 9: 3 } });
});

test("what is not there any more is said, and half-filled ones are nothing", async () => {
  await expect(stagings.begin(request("ckp_2", "ckp_1"))).rejects.toBeInstanceOf(NotHeld);
  const filling = await stagings.begin(request("ckp_1", null));
  expect(await stagings.whole({ uuid, key })).toBeUndefined();
  await filling.abandon();
  expect(await readdir(path.join(dir, "records"))).toEqual([]);
  await first();
  await expect(stagings.begin(request("ckp_3", "ckp_2"))).rejects.toBeInstanceOf(NotHeld);
  await rm(path.join(dir, "shm/belay"), { recursive: true }); // the host was off
  await expect(stagings.begin(request("ckp_2", "ckp_1"))).rejects.toBeInstanceOf(NotHeld);
});

test("the files that a domain runs from are never removed", async () => {
  await first();
  const record = await stagings.whole({ uuid, key });
  if (record === undefined) throw new Error("nothing is staged");
  await stagings.records.write({ ...record, phase: "starting" });
  await stagings.remove({ uuid, key });
  expect(await readdir(path.join(dir, "shm/belay"))).toEqual([`${uuid}-tok.ram`]);
  await expect(stagings.begin(request("ckp_2", null))).rejects.toBeInstanceOf(NotHeld);
});

test("a file of changes is read as it was written, also in parts", async () => {
  const file = path.join(dir, "redo");
  const redo = await RedoWriter.create(file);
  const many = batch(
    "memory/pc.ram",
    Array.from({ length: 700 }, (_, i) => [i * 2, i % 3] as const),
  );
  await redo.write(many);
  await redo.finish();
  const numbers: number[] = [];
  let bytes = 0;
  for await (const part of readRedo(file)) {
    numbers.push(...part.numbers);
    bytes += part.data.length;
  }
  expect(numbers).toEqual([...many.numbers]);
  expect(bytes).toBe(many.data.length);
});
