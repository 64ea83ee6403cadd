import { expect, test } from "vitest";
import { beatEveryMs, Standstill } from "./standstill.ts";

const beating = (untilMs: number) => {
  const it = new Standstill(0);
  for (let now = 0; now <= untilMs; now += beatEveryMs) it.beat(now);
  return it;
};

test("a process that beats may judge", () => {
  const it = beating(10_000);
  expect(it.look(10_200)).toBeUndefined();
  expect(it.mayJudge(10_200)).toBe(true);
});

test("after a collection of garbage for 3 s nobody is judged, though the watch goes on before the late beat does", () => {
  const it = beating(10_000);
  expect(it.look(13_000)).toBe(2_750);
  expect(it.mayJudge(13_000)).toBe(false);
  it.beat(13_010);
  expect(it.mayJudge(14_900)).toBe(false);
  expect(it.mayJudge(15_000)).toBe(true);
});

test("a beat that is a little late is none", () => {
  const it = beating(10_000);
  it.beat(11_200);
  expect(it.mayJudge(11_200)).toBe(true);
});

test("one that stands still again and again is not trusted until it has beaten for a while", () => {
  const it = beating(10_000);
  for (let now = 12_000; now < 30_000; now += 2_000) {
    it.beat(now);
    expect(it.mayJudge(now)).toBe(false);
  }
});
