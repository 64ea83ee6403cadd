import { describe, expect, it } from "vitest";
import { accessesIn, answeredSince } from "./counters.ts";

it("reads Apache's own page", () => {
  expect(accessesIn("198.18.4.9\nServerVersion: Apache/2.4\nTotal Accesses: 271\nTotal kBytes: 21\n")).toBe(271);
  expect(accessesIn("<html>The auction cannot answer right now.</html>")).toBeUndefined();
});

describe("answered requests between two looks", () => {
  it.each([
    ["the first look tells nothing", undefined, 40, 0],
    ["the look itself does not count", 40, 41, 0],
    ["seven and the look", 40, 48, 7],
    ["started anew", 400, 5, 4],
    ["started anew by this look", 400, 0, 0],
  ])("%s", (_what, before, now, answered) => expect(answeredSince(before, now)).toBe(answered));
});
