import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeOlderDisks } from "./scripts.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "belay-disks-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string) => path.join(directory, name);
/** Written to so many seconds ago. */
function disk(name: string, secondsAgo: number): string {
  writeFileSync(file(name), "");
  const at = Date.now() / 1000 - secondsAgo;
  utimesSync(file(name), at, at);
  return file(name);
}
const run = (...args: string[]) =>
  execFileSync("sh", ["-c", removeOlderDisks, "sh", directory, "belay-u", ...args], { encoding: "utf8" });

test("older disks go, but what it runs from, what it was before, restores', others' and newer ones stay", () => {
  const present = disk("belay-u-rep_3.qcow2", 10);
  const before = disk("belay-u-rep_2.qcow2", 100);
  disk("belay-u-rep_1.qcow2", 200);
  disk("belay-u.qcow2", 300);
  disk("belay-u.belay-12345678-t.qcow2", 250);
  disk("belay-u-seed.iso", 300);
  disk("belay-other.qcow2", 300);
  disk("belay-u-rep_4.qcow2", 1);
  expect(run(present, present, before).trim().split("\n").sort()).toEqual([
    file("belay-u-rep_1.qcow2"),
    file("belay-u.qcow2"),
  ]);
  expect(readdirSync(directory).sort()).toEqual([
    ...["belay-other.qcow2", "belay-u-rep_2.qcow2", "belay-u-rep_3.qcow2", "belay-u-rep_4.qcow2"],
    ...["belay-u-seed.iso", "belay-u.belay-12345678-t.qcow2"],
  ]);
});

test("nothing goes where what it runs from is not there", () => {
  disk("belay-u.qcow2", 300);
  expect(run(file("belay-u-rep_3.qcow2"))).toBe("");
  expect(readdirSync(directory)).toEqual(["belay-u.qcow2"]);
});
