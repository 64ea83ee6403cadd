import { mkdir, mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { hasRoom } from "./ram.ts";

test("what a guest that runs has not written to yet is no room for another one", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-ram-"));
  const place = { directory: path.join(dir, "belay"), ownedLike: dir };
  const sizeBytes = 4096;
  expect(await hasRoom(sizeBytes, place)).toBe(true);
  await mkdir(place.directory);
  const image = await open(path.join(place.directory, "a.ram"), "wx");
  const { bavail, bsize } = await statfs(dir);
  await image.truncate(2 * bavail * bsize);
  await image.close();
  expect(await hasRoom(sizeBytes, place)).toBe(false);
  await rm(dir, { recursive: true, force: true });
});
