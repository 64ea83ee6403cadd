import { expect, test } from "vitest";
import { beginNow } from "./begin-now.ts";

const one = (unit: string, host: string, readyMs = 0) => ({ unit, hosts: [host], readyMs });
const none = new Map<string, number>();

test.each([
  ["one of each host at a time", [one("a", "h1"), one("b", "h1"), one("c", "h2")], none, ["a", "c"]],
  ["none where one runs", [one("a", "h1"), one("c", "h2")], new Map([["h1", 1]]), ["c"]],
  ["who waited longest first", [one("a", "h1", 50), one("b", "h1", 20)], none, ["b"]],
  ["nobody before their time", [one("a", "h1", 101)], none, []],
  [
    "no more than the store takes",
    [one("a", "h1"), one("b", "h2"), one("c", "h3"), one("d", "h4")],
    none,
    ["a", "b", "c"],
  ],
  ["of a group all or none", [{ unit: "g", hosts: ["h1", "h2"], readyMs: 0 }], new Map([["h2", 1]]), []],
  ["a group with two on one host", [{ unit: "g", hosts: ["h1", "h1"], readyMs: 0 }], none, ["g"]],
  [
    "nothing beside a group on its host",
    [{ unit: "g", hosts: ["h1", "h1"], readyMs: 0 }, one("a", "h1", 1)],
    none,
    ["g"],
  ],
])("begins %s", (_, waiting, running, begin) => {
  expect(beginNow({ waiting, running, perHost: 1, atOnce: 3 }, 100).begin).toEqual(begin);
});

test("a group that is larger than what the store takes begins alone", () => {
  const group = { unit: "g", hosts: ["h1", "h2", "h3", "h4"], readyMs: 0 };
  expect(beginNow({ waiting: [group], running: none, perHost: 1, atOnce: 3 }, 0).begin).toEqual(["g"]);
  const running = new Map([["h9", 1]]);
  expect(beginNow({ waiting: [group], running, perHost: 1, atOnce: 3 }, 0).begin).toEqual([]);
});

test("a group that waits for one of its hosts keeps the others for itself, from those who are ready later", () => {
  const waiting = [one("early", "h1", 0), { unit: "g", hosts: ["h1", "h2"], readyMs: 10 }, one("late", "h2", 20)];
  const begin = (running: ReadonlyMap<string, number>) =>
    beginNow({ waiting: [...waiting.slice(1), one("elsewhere", "h3", 30)], running, perHost: 1, atOnce: 3 }, 100).begin;
  expect(begin(new Map([["h1", 1]]))).toEqual(["elsewhere"]);
  expect(begin(none)).toEqual(["g", "elsewhere"]);
  expect(beginNow({ waiting, running: none, perHost: 1, atOnce: 3 }, 100).begin).toEqual(["early"]);
});

test("a group that waits for the store is not passed by smaller ones", () => {
  const group = { unit: "g", hosts: ["h1", "h2"], readyMs: 0 };
  const waiting = [group, one("a", "h3", 10)];
  const running = new Map([["h8", 2]]);
  expect(beginNow({ waiting, running, perHost: 2, atOnce: 3 }, 100).begin).toEqual([]);
});

test("says when time alone makes the next ready", () => {
  const waiting = [one("a", "h1", 500), one("b", "h2", 300), one("c", "h3", 10)];
  expect(beginNow({ waiting, running: none, perHost: 1, atOnce: 3 }, 100).nextMs).toBe(300);
});
