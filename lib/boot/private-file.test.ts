import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { privateFile } from "./private-file.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "belay-private-"));
});
afterAll(() => rm(directory, { recursive: true }));

test("is made once, for its owner only, and leaves nothing beside it", async () => {
  const file = path.join(directory, "secret");
  expect(await privateFile(file, () => "first")).toBe("first");
  expect(await privateFile(file, () => "second")).toBe("first");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(["secret"]);
});

test("many makers at once all get the same", async () => {
  const file = path.join(directory, "raced");
  const got = await Promise.all(Array.from({ length: 20 }, (_, index) => privateFile(file, () => `maker ${index}`)));
  expect(new Set(got).size).toBe(1);
});
