import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pageBytes } from "../../../words.ts";
import { newSeed, pageHash } from "../../differ/index.ts";
import { Threads } from "../../threads/index.ts";
import { Copier } from "./copier.ts";

const pages = 300;
const seed = newSeed();
const threads = new Threads(new URL("../../threads/testing/own-thread.ts", import.meta.url), seed);
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
  const copying = await new Copier(threads).ready({ block: "pc.ram", sizeBytes: content.length, file });
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
  const copier = new Copier(threads);
  const of = (sizeBytes: number) => copier.ready({ block: "pc.ram", sizeBytes, file });
  const long = await of(content.length + pageBytes);
  await expect(long?.start()).rejects.toThrow("ends early");
  const second = await of(content.length);
  expect(await of(content.length)).toBeUndefined();
  await Promise.all([long?.close(), second?.close()]);
  expect(await of(content.length)).toBeDefined();
  await expect(copier.ready({ block: "pc.ram", sizeBytes: pageBytes, file: `${file}.gone` })).rejects.toThrow("ENOENT");
});
