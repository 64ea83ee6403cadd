import { expect, it } from "vitest";
import { aVm, hostNumber, organizationNumber } from "../../decide/testing/clouds.ts";
import { type Allocation, type AllocationState, type HostId, parseId } from "../../model/index.ts";
import { withPromised } from "./promised.ts";

const uuidOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

function anAllocation(n: number, state: AllocationState, hostId: HostId | null): Allocation {
  const number = String(n).padStart(20, "0");
  const [id, applicationId, imageId] = [
    ...([parseId("alc", `alc_${number}`), parseId("app", `app_${number}`), parseId("img", `img_${number}`)] as const),
  ];
  if (id === undefined || applicationId === undefined || imageId === undefined) throw new Error("no ids");
  return {
    ...{ id, applicationId, imageId, state, hostId, organizationId: organizationNumber(1), name: `made-${n}` },
    ...{ memoryMiB: 3000, vcpus: 2, apart: "db", sshKeys: [], address: "198.18.9.10", uuid: uuidOf(n) },
    ...{ takingBack: false, vmId: null, askedAt: 1, endedAt: null, words: "" },
  };
}
const seen = (...made: Parameters<typeof withPromised>) =>
  withPromised(...made).map(({ name, hostId, memoryMiB, apart }) => [name, hostId, memoryMiB, apart]);

const there = aVm(1, hostNumber(1));
const nobody: ReadonlySet<string> = new Set();

it.each<[AllocationState, boolean]>([
  ["asked", false],
  ["making", true],
  ["running", false],
  ["freeing", false],
  ["freed", false],
  ["failed", false],
])("counts a VM that is %s: %s", (state, counted) => {
  expect(seen([there], [anAllocation(7, state, hostNumber(2))], nobody)).toEqual([
    ["vm-1", hostNumber(1), 1024, null],
    ...(counted ? [["made-7", hostNumber(2), 3000, "db"]] : []),
  ]);
});

it("counts one that has no place yet nowhere", () => {
  expect(seen([there], [anAllocation(7, "making", null)], nobody)).toHaveLength(1);
});

it("counts one that was just written down once, with its group", () => {
  const found = aVm(7, hostNumber(2), { memoryMiB: 3000 });
  expect(seen([there, found], [anAllocation(7, "making", hostNumber(2))], nobody)).toEqual([
    ["vm-1", hostNumber(1), 1024, null],
    ["made-7", hostNumber(2), 3000, "db"],
  ]);
});

it("leaves the one alone that a place is sought for", () => {
  const found = aVm(7, hostNumber(2), { memoryMiB: 3000 });
  expect(seen([found], [anAllocation(7, "making", hostNumber(2))], new Set([found.uuid]))).toEqual([
    ["vm-7", hostNumber(2), 3000, null],
  ]);
});
