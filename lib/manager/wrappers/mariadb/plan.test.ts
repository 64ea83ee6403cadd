import { describe, expect, it } from "vitest";
import { covers, parsePosition, withoutDomain } from "./gtid.ts";
import { type DatabaseState, type Plan, type PlanInput, planSync } from "./plan.ts";

const at = (position: string, more: Partial<DatabaseState> = {}): DatabaseState => ({
  whole: true,
  open: false,
  position: parsePosition(position),
  ...more,
});
const none = at("", { whole: false });
const usual: PlanInput = {
  id: 1,
  self: at("1-1-5"),
  mirror: null,
  differs: false,
  mirrorWasWhole: true,
  first: true,
  seeded: true,
  saved: false,
};

const cases: readonly [string, Partial<PlanInput>, Plan["kind"]][] = [
  ["alone, with its data", {}, "open"],
  ["alone, new, never seeded", { self: none, seeded: false }, "seed"],
  ["alone, new, and its data are lost", { self: none }, "refuse"],
  ["alone, new, with a save", { self: none, saved: true }, "restore"],
  ["mirror works, this one is new", { self: none, mirror: at("1-1-5", { open: true }) }, "copy"],
  ["mirror works and has just as much", { mirror: at("1-1-5", { open: true }) }, "follow"],
  ["mirror works and went on", { mirror: at("1-1-5,2-2-9", { open: true }) }, "follow"],
  [
    "this one has what was never acknowledged",
    { self: at("1-1-6"), mirror: at("1-1-5,2-2-9", { open: true }) },
    "copy",
  ],
  ["this one went back", { self: at("1-1-3"), mirror: at("1-1-5", { open: true }) }, "copy"],
  ["a request was done on both, in two forms", { mirror: at("1-1-5", { open: true }), differs: true }, "copy"],
  ["mirror is silent and may be newer", { mirror: "silent" }, "wait"],
  ["mirror is silent and is being repaired", { mirror: "silent", mirrorWasWhole: false }, "open"],
  ["both new, this one first", { self: none, mirror: none, seeded: false }, "seed"],
  ["both new, this one second", { self: none, mirror: none, seeded: false, first: false }, "wait"],
  ["both new again, and never to be seeded twice", { self: none, mirror: none }, "refuse"],
  ["both new again, with a save", { self: none, mirror: none, saved: true }, "restore"],
  ["both were down with the same data", { mirror: at("1-1-5") }, "open"],
  ["both were down with the same data, this one second", { mirror: at("1-1-5"), first: false }, "wait"],
  ["both were down, this one has more", { mirror: at("1-1-4"), first: false }, "open"],
  ["both were down, the mirror has more", { mirror: at("1-1-5,2-2-1") }, "wait"],
  ["each has what the other lacks", { mirror: at("1-1-4,2-2-1") }, "refuse"],
  ["this one is new, the mirror is not up to date yet", { self: none, mirror: at("1-1-5") }, "wait"],
];

describe("how a server comes to be up to date", () => {
  it.each(cases)("%s", (_, input, kind) => {
    expect(planSync({ ...usual, ...input }).kind).toBe(kind);
  });
});

it("compares positions by domain", () => {
  expect(covers(parsePosition("1-1-5,2-2-7"), parsePosition("2-1-7"))).toBe(true);
  expect(covers(parsePosition("1-1-5"), parsePosition("1-1-6"))).toBe(false);
  expect(covers(parsePosition(""), parsePosition(""))).toBe(true);
  expect(withoutDomain("1-1-5, 2-2-7,11-11-1", 1)).toBe("2-2-7,11-11-1");
});
