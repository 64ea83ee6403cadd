import { expect, test } from "vitest";
import { wallClock } from "./wall.ts";

test("what was written down is found again, by the clock as it was then", () => {
  let now = 1000;
  const wall = wallClock(() => now);
  expect(wall.at(now)).toBe(1000);
  now = 2000;
  wall.jump(500);
  expect([wall.at(1999), wall.at(2000), wall.at(2100)]).toEqual([1999, 2500, 2600]);
  now = 3000;
  wall.jump(-1200);
  now = 4000;
  expect(wall.at(now)).toBe(3300);
  expect([wall.toWorld(1500), wall.toWorld(3300)]).toEqual([1500, 2800]); // 3300 was shown twice: the first time counts
  expect(wall.toWorld(2350)).toBe(3050);
});
