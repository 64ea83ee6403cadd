import { expect, test } from "vitest";
import { aVm, hostNumber, organizationNumber, vmNumber } from "../../decide/testing/clouds.ts";
import { defaultPolicy } from "../../model/index.ts";
import { unitsOf } from "./units.ts";

const [host, one, other] = [hostNumber(1), organizationNumber(1), organizationNumber(2)];
const pair = { organizationId: one, checkpointGroup: "pair" };

test("VMs of one owner with the same name of a group are captured together, as often as the most often of them", () => {
  const vms = [
    aVm(1, host, pair),
    aVm(2, host, pair),
    aVm(3, host, { ...pair, organizationId: other }),
    aVm(4, host, { organizationId: one }),
    aVm(5, host, pair),
  ];
  const everyMs = new Map([1, 2, 3, 4].map((n) => [vmNumber(n), n * 10_000]));
  const units = [...unitsOf(vms, everyMs, defaultPolicy).values()];
  expect(units.map((unit) => [unit.vms, unit.everyMs])).toEqual([
    [[vmNumber(1), vmNumber(2)], 10_000],
    [[vmNumber(3)], 30_000],
    [[vmNumber(4)], 40_000],
  ]);
});

test("nothing is captured more or less often than the provider allows by now", () => {
  const limits = { checkpointLeastMs: 5_000, checkpointMostMs: 60_000 };
  const everyMs = new Map([
    [vmNumber(1), 1_000],
    [vmNumber(2), 86_400_000],
  ]);
  const units = unitsOf([aVm(1, host), aVm(2, host)], everyMs, limits);
  expect([...units.values()].map((unit) => unit.everyMs)).toEqual([5_000, 60_000]);
});
