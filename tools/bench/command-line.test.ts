import { expect, test } from "vitest";
import { readCommandLine } from "./command-line.ts";

test.each([
  [[], { name: undefined, runs: undefined, json: false, args: {} }],
  [["revive"], { name: "revive", runs: undefined, json: false, args: {} }],
  [["revive", "--runs", "10", "--json"], { name: "revive", runs: 10, json: true, args: {} }],
  [["--json", "revive", "--runs=3"], { name: "revive", runs: 3, json: true, args: {} }],
  [
    ["libvirt", "--connections", "1000", "--quick"],
    { name: "libvirt", runs: undefined, json: false, args: { connections: "1000", quick: "true" } },
  ],
])("%j", (words, expected) => {
  expect(readCommandLine(words)).toEqual(expected);
});

test.each([[["--runs", "many"]], [["--runs", "0"]], [["--runs", "1.5"]], [["--runs"]], [["revive", "libvirt"]]])(
  "%j is refused",
  (words) => {
    expect(() => readCommandLine(words)).toThrow(/wanted|too many/);
  },
);
