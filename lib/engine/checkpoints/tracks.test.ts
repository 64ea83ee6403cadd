import { expect, test } from "vitest";
import { hostNumber, vmNumber } from "../../decide/testing/clouds.ts";
import { Tracks } from "./tracks.ts";
import type { Unit } from "./units.ts";

const everyMs = 60 * 60_000;

test("those whose newest state is damaged are saved anew at once with all of their groups, and the units are gone through once for all", () => {
  let looked = 0;
  const units = new Map(
    [[1, 2], [3], [4], [5]].map((numbers): [string, Unit] => {
      const [key, ids] = [`unit-${numbers[0]}`, numbers.map(vmNumber)];
      const unit = {
        ...{ key, everyMs },
        get vms() {
          looked++;
          return ids;
        },
      };
      return [key, unit];
    }),
  );
  const tracks = new Tracks();
  const [perHost, atOnce] = [8, 8];
  const hostsOf = () => [hostNumber(1)];
  const begins = (nowMs: number) => {
    const { begin } = tracks.begin({ hostsOf, perHost, atOnce }, nowMs);
    for (const { unit } of begin) tracks.over(unit.key);
    return begin.map(({ unit }) => unit.key).sort();
  };
  tracks.follow(units, 0);
  expect(begins(10_000)).toEqual([...units.keys()]);
  looked = 0;
  tracks.dueNow(new Set([2, 4, 5].map(vmNumber)), 10_000);
  expect(looked).toBe(units.size);
  expect(begins(10_000)).toEqual(["unit-1", "unit-4", "unit-5"]);
});
