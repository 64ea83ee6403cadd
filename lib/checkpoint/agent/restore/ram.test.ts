import { chmod, mkdir, mkdtemp, open, rm, stat, statfs, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { hasRoom, makeRamDirectory } from "./ram.ts";

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

test("the directory is made for QEMU alone, and again; what somebody else put in its place is not used", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-ram-"));
  const place = { directory: path.join(dir, "belay"), ownedLike: dir };
  expect(await makeRamDirectory(place)).toBe(true);
  await chmod(place.directory, 0o777);
  expect(await makeRamDirectory(place)).toBe(true);
  expect((await stat(place.directory)).mode & 0o777).toBe(0o700);
  await rm(place.directory, { recursive: true });
  const elsewhere = path.join(dir, "elsewhere");
  await mkdir(elsewhere);
  await symlink(elsewhere, place.directory);
  expect(await makeRamDirectory(place)).toBe(false);
  await rm(place.directory);
  await (await open(place.directory, "wx")).close();
  expect(await makeRamDirectory(place)).toBe(false);
  await rm(dir, { recursive: true, force: true });
});
