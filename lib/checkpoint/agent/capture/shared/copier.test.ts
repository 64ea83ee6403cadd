import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pageBytes } from "../../../words.ts";
import { newSeed, pageHash } from "../../differ/index.ts";
import { Buffers, Remembered } from "../../memory/index.ts";
import { localMemory } from "../../restore/index.ts";
import { collect, Threads } from "../../threads/index.ts";
import { Copier } from "./copier.ts";

const pages = 300;
const seed = newSeed();
const threads = new Threads(new URL("../../threads/testing/own-thread.ts", import.meta.url), seed);
const nothing = () => undefined;
const buffers = new Buffers(nothing);
const remembered = new Remembered(buffers, nothing, async () => 0);
let dir: string;
let file: string;
/** Page n is full of n, but for every third, which is zero. */
const content = Buffer.alloc(pages * pageBytes);
for (let page = 0; page < pages; page++)
  content.fill(page % 3 === 0 ? 0 : (page % 255) + 1, page * pageBytes, (page + 1) * pageBytes);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-copier-"));
  file = path.join(dir, "memory");
  await writeFile(file, content);
});
afterAll(async () => {
  await threads.end();
  await rm(dir, { recursive: true, force: true });
});

test("copies the whole, by several threads, and hashes each page as the agent itself would", async () => {
  const copying = await new Copier(threads, buffers, remembered).ready("vm", {
    sizeBytes: content.length,
    file,
  });
  if (copying === undefined) throw new Error("there was no room");
  await Promise.all([copying.start(), copying.start()]);
  expect(content.equals(copying.bytes)).toBe(true);
  const hashes = await copying.hashes();
  const hash = await pageHash(seed);
  const own = new Uint32Array(4);
  for (let page = 0; page < pages; page++) {
    own.fill(0);
    if (page % 3 !== 0) hash(content.subarray(page * pageBytes, (page + 1) * pageBytes), own);
    expect([...hashes.subarray(page * 4, page * 4 + 4)]).toEqual([...own]);
  }
  await copying.close();
  await copying.close();
});

test("a memory that ends early is an error, and more than two at once are refused", async () => {
  const copier = new Copier(threads, buffers, remembered);
  const of = (sizeBytes: number) => copier.ready("vm", { sizeBytes, file });
  const long = await of(content.length + pageBytes);
  await expect(long?.start()).rejects.toThrow("ends early");
  const second = await of(content.length);
  expect(await of(content.length)).toBeUndefined();
  await Promise.all([long?.close(), second?.close()]);
  expect(await of(content.length)).toBeDefined();
  await expect(copier.ready("vm", { sizeBytes: pageBytes, file: `${file}.gone` })).rejects.toThrow("ENOENT");
});

test("a guest that stood too long goes another way for a while, and only that one", async () => {
  const copier = new Copier(threads, buffers, remembered);
  const of = (uuid: string) => copier.ready(uuid, { sizeBytes: content.length, file });
  copier.stood("slow", 301);
  copier.stood("quick", 299);
  expect(await of("slow")).toBeUndefined();
  const quick = await of("quick");
  expect(quick).toBeDefined();
  await quick?.close();
});

test("what is kept of a checkpoint tells what changed since, and is written out where a restore wants it", async () => {
  const copier = new Copier(threads, buffers, remembered);
  const copyOf = async () => {
    const copying = await copier.ready("vm", { sizeBytes: content.length, file });
    if (copying === undefined) throw new Error("there was no room");
    await copying.start();
    return copying;
  };
  const first = await copyOf();
  expect(await first.changedSince("ckp_0")).toBeUndefined();
  first.keep("ckp_1");
  await expect.poll(() => remembered.checkpointOf("vm")).toBe("ckp_1");

  const changedPages = [0, 7, 17, pages - 1];
  const after = Buffer.from(content);
  for (const page of changedPages) after.fill(0x55, page * pageBytes + 4095, (page + 1) * pageBytes);
  await writeFile(file, after);
  const second = await copyOf();
  const changed = await second.changedSince("ckp_1");
  expect([...(changed ?? [])].flatMap((flag, page) => (flag === 0 ? [] : page))).toEqual(changedPages);
  expect(await second.changedSince("ckp_0")).toBeUndefined();

  const local = localMemory(remembered, threads);
  const out = path.join(dir, "out");
  await writeFile(out, "");
  await truncate(out, content.length);
  const of = { uuid: "vm", sizeBytes: content.length };
  expect(await local.writeTo(out, { ...of, checkpoint: "ckp_2" })).toBe(false);
  expect(await local.writeTo(out, { ...of, checkpoint: "ckp_1", sizeBytes: pageBytes })).toBe(false);
  expect(await local.writeTo(out, { ...of, checkpoint: "ckp_1" })).toBe(true);
  expect((await readFile(out)).equals(content)).toBe(true);

  second.keep("ckp_2");
  await expect.poll(() => remembered.checkpointOf("vm")).toBe("ckp_2");
  remembered.forget("vm");
  expect(local.checkpointOf("vm")).toBeNull();
});

test("a host that runs short gets back as much as it wants, the oldest first, and all where it wants all", async () => {
  let over = 0;
  const short = new Remembered(buffers, nothing, async () => over);
  const keep = (vm: string) => short.keep(vm, `ckp_${vm}`, new SharedArrayBuffer(pageBytes));
  const kept = () => ["a", "b", "c", "d"].filter((it) => short.checkpointOf(it) !== null);
  keep("a");
  keep("b");
  await expect.poll(kept).toEqual(["a", "b"]);
  over = 1;
  keep("c");
  await expect.poll(kept).toEqual(["b", "c"]);
  over = 3 * pageBytes;
  keep("d");
  await expect.poll(kept).toEqual([]);
});

test("what a host gets back it really has, also where threads had seen it", async () => {
  const sizeBytes = 64 * 1024 * 1024;
  const takenBytes = async () => Number((await readFile("/proc/self/statm", "utf8")).split(" ")[1]) * 4096;
  const letGo = () => {
    threads.letGo();
    collect();
  };
  let over = 0;
  const short = new Remembered(buffers, letGo, async () => over);
  const keep = async (vm: string) => {
    const memory = new SharedArrayBuffer(sizeBytes);
    new Uint8Array(memory).fill(1);
    await threads.hash({ bytes: memory, hashes: new SharedArrayBuffer(sizeBytes / 256) }, 0, sizeBytes);
    short.keep(vm, `ckp_${vm}`, memory);
  };
  await keep("a");
  await keep("b");
  await keep("c");
  const before = await takenBytes();
  over = 3 * sizeBytes;
  short.keep("d", "ckp_d", new SharedArrayBuffer(pageBytes));
  await expect.poll(takenBytes).toBeLessThan(before - 2.5 * sizeBytes);
});
