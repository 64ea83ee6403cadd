import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inProject } from "../kit/project.ts";
import { hashOf } from "./stamp.ts";

let dir: string;
let below: string;
beforeEach(async () => {
  await mkdir(inProject(".cache"), { recursive: true });
  dir = await mkdtemp(inProject(".cache", "stamp-test-"));
  below = path.relative(inProject(), dir);
  await writeFile(path.join(dir, "a.ts"), "1");
  await writeFile(path.join(dir, "b.test.ts"), "2");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const write = (file: string, text: string) => writeFile(path.join(dir, file), text);

test("the same files have the same hash; another content, name or file has another", async () => {
  const before = await hashOf([below]);
  expect(await hashOf([below])).toBe(before);
  await write("a.ts", "other");
  const changed = await hashOf([below]);
  expect(changed).not.toBe(before);
  await write("a.ts", "1");
  expect(await hashOf([below])).toBe(before);
  await write("c.ts", "");
  expect(await hashOf([below])).not.toBe(before);
});

test("what is skipped does not count, and what does not exist may come later", async () => {
  const inputs = [below, `${below}/later.json`];
  const skip = (file: string) => file.endsWith(".test.ts");
  const before = await hashOf(inputs, skip);
  await write("b.test.ts", "changed");
  expect(await hashOf(inputs, skip)).toBe(before);
  await write("later.json", "{}");
  expect(await hashOf(inputs, skip)).not.toBe(before);
});
