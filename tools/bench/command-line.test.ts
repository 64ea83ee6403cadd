import { expect, test } from "vitest";
import { readCommandLine } from "./command-line.ts";

const plain = { name: undefined, help: false, json: false, args: {} };
test.each([
  [[], plain],
  [["revive"], { ...plain, name: "revive" }],
  [["revive", "--runs", "10", "--json"], { ...plain, name: "revive", json: true, args: { runs: "10" } }],
  [["--json", "revive", "--runs=3"], { ...plain, name: "revive", json: true, args: { runs: "3" } }],
  [["--help", "revive"], { ...plain, name: "revive", help: true }],
  [
    ["libvirt", "--connections", "1000", "--quick"],
    { ...plain, name: "libvirt", args: { connections: "1000", quick: "true" } },
  ],
])("%j", (words, expected) => {
  expect(readCommandLine(words)).toEqual(expected);
});

test("a second name is refused", () => {
  expect(() => readCommandLine(["revive", "libvirt"])).toThrow("one word too many");
});
