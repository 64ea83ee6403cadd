import { expect, it } from "vitest";
import { RecentSerials } from "./recent-serials.ts";

it("forgets the oldest when there are too many", () => {
  const serials = new RecentSerials(2);
  for (const serial of [1, 2, 3]) serials.add(serial);
  expect([1, 2, 3].map((serial) => serials.has(serial))).toEqual([false, true, true]);
  expect(serials.delete(2)).toBe(true);
  expect(serials.delete(2)).toBe(false);
  serials.add(4);
  expect([2, 3, 4].map((serial) => serials.has(serial))).toEqual([false, true, true]);
});
