import { describe, expect, test } from "vitest";
import type { Host, HostId, Vm } from "../../model/index.ts";
import { aCloud, aHost, aVm, hostNumber, vmNumber } from "../testing/clouds.ts";
import type { Replica } from "./inventory.ts";
import { placeVms } from "./place.ts";
import { placeReplica, replicasInTheWay } from "./replicas.ts";
import { sameRoom } from "./same-room.ts";
import { toleranceOf } from "./tolerance.ts";

const [h1, h2, h3] = [hostNumber(1), hostNumber(2), hostNumber(3)];
const hosts = (secondMiB: number, thirdMiB: number): Host[] => [
  aHost(1),
  aHost(2, { memoryMiB: secondMiB }),
  aHost(3, { memoryMiB: thirdMiB }),
];
const replica = (vm: number, hostId: HostId, memoryMiB = 1024): Replica => ({ vmId: vmNumber(vm), hostId, memoryMiB });
const numberOf = (id: string) => Number(id.slice(4));

describe("a VM that was lost, among replicas", () => {
  /** vm-1 of host-1, 1024 MiB, and where it goes. */
  const place = (among: readonly Host[], replicas: readonly Replica[], others: readonly Vm[] = []) => {
    const lost = aVm(1, h1);
    const found = placeVms({ ...aCloud(among, [lost, ...others]), replicas }, [lost], new Set([h1])).get(lost.id);
    if (found === undefined) return "nothing";
    return "host" in found ? numberOf(found.host) : found.detail;
  };

  test.each([
    ["goes where most is free beside them", hosts(3000, 2500), [replica(2, h2)], 3],
    ["rather not where one would have to give way", hosts(2000, 1024), [replica(2, h2)], 3],
    ["but there, before it goes nowhere", hosts(2000, 1000), [replica(2, h2)], 2],
    [
      "where there is no room for it beside VMs either, it stays away",
      hosts(1000, 1000),
      [],
      /host-2 has 1000 MiB free/,
    ],
    ["its own replica's memory becomes its own", hosts(1024, 1000), [replica(1, h2)], 2],
    ["and is no reason for another one to give way", hosts(2048, 1000), [replica(1, h2), replica(2, h2)], 2],
  ])("%s", (_, among, replicas, expected) => {
    const found = place(among, replicas);
    if (typeof expected === "number") expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });

  test("what is booked for one counts for the next: its replica's memory is taken once", () => {
    const lost = [aVm(1, h1), aVm(2, h1)];
    const cloud = { ...aCloud([aHost(1), aHost(2, { memoryMiB: 2048 })], lost), replicas: [replica(1, h2)] };
    expect([...placeVms(cloud, lost, new Set([h1])).values()]).toEqual([{ host: h2 }, { host: h2 }]);
  });
});

describe("which replicas are in the way", () => {
  const inTheWay = (memoryMiB: number, replicas: readonly Replica[], vms: readonly Vm[], over: Partial<Host> = {}) =>
    replicasInTheWay({
      ...aCloud([aHost(1), aHost(2, { memoryMiB, ...over }), aHost(3, { state: "silent" })], vms),
      replicas,
    }).map(({ vmId }) => numberOf(vmId));
  const there = aVm(9, h2);

  test.each([
    ["none, where there is room for all", 2048, [replica(1, h2)], [there, aVm(1, h1)], []],
    ["as many as it takes", 2048, [replica(1, h2), replica(2, h2)], [there, aVm(1, h1), aVm(2, h1)], [1]],
    [
      "all, where VMs alone are too many",
      512,
      [replica(1, h2), replica(2, h2)],
      [there, aVm(1, h1), aVm(2, h1)],
      [1, 2],
    ],
    ["none of a VM that is there itself", 1024, [replica(9, h2)], [there], []],
    ["none of a VM that goes there", 2048, [replica(1, h2)], [there, aVm(1, h1, { movingTo: h2 })], []],
    [
      "for a VM that is on its way there",
      2048,
      [replica(2, h2)],
      [there, aVm(1, h1, { movingTo: h2 }), aVm(2, h1)],
      [2],
    ],
    ["for one that is off and should run", 1024, [replica(1, h2)], [aVm(9, h2, { state: "stopped" }), aVm(1, h1)], [1]],
    [
      "not for one that is off and should be",
      1024,
      [replica(1, h2)],
      [aVm(9, h2, { state: "stopped", wanted: "stopped" }), aVm(1, h1)],
      [],
    ],
    [
      "of the least important VM first",
      2048,
      [replica(1, h2), replica(2, h2)],
      [there, aVm(1, h1, { priority: 9 }), aVm(2, h1)],
      [2],
    ],
    ["of equals the largest", 3000, [replica(1, h2), replica(2, h2, 1500)], [there, aVm(1, h1), aVm(2, h1)], [2]],
    [
      "last that of a VM whose host is silent",
      2048,
      [replica(1, h2), replica(2, h2)],
      [there, aVm(1, h3), aVm(2, h1, { priority: 9 })],
      [2],
    ],
    [
      "first that of a VM which is not there any more",
      2048,
      [replica(1, h2), replica(2, h2)],
      [there, aVm(1, h1)],
      [2],
    ],
  ])("%s", (_, memoryMiB, replicas, vms, expected) => {
    expect(inTheWay(memoryMiB, replicas, vms)).toEqual(expected);
  });
  test("none on a host that gets no VMs now", () => {
    expect(inTheWay(512, [replica(1, h2)], [there, aVm(1, h1)], { standing: "maintenance" })).toEqual([]);
  });
});

describe("a new replica", () => {
  const placed = (among: readonly Host[], replicas: readonly Replica[], vms: readonly Vm[] = []) => {
    const place = placeReplica({ ...aCloud(among, [aVm(1, h1), ...vms]), replicas }, aVm(1, h1));
    return "host" in place ? numberOf(place.host) : place.refusal;
  };
  test.each([
    ["stands where most is left", hosts(1024, 2048), [], [], 3],
    ["not where another one would have to give way", hosts(1500, 1024), [replica(2, h2)], [], 3],
    [
      "nowhere, where each would",
      hosts(1500, 1500),
      [replica(2, h2), replica(3, h3)],
      [],
      /No other host has room for one/,
    ],
    ["nowhere, where VMs have taken all", hosts(1500, 1000), [], [aVm(2, h2)], /no room/],
  ])("%s", (_, among, replicas, vms, expected) => {
    const found = placed(among, replicas, vms);
    if (typeof expected === "number") expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });
});

describe("failures to tolerate", () => {
  test("a replica is no misfit's reason, and its VM's memory is not taken twice", () => {
    const vms = [aVm(1, h1), aVm(2, h1), aVm(3, h2)];
    const cloud = aCloud([aHost(1), aHost(2, { memoryMiB: 3072 })], vms);
    const with1 = { ...cloud, replicas: [replica(1, h2), replica(3, h1)] };
    expect(toleranceOf(with1)).toEqual([]);
    const tight = { ...with1, hosts: [aHost(1), aHost(2, { memoryMiB: 3071 })] };
    expect(toleranceOf(tight).map(({ hostId, misfits }) => [hostId, misfits.length])).toEqual([[h1, 1]]);
  });
  test("is looked at again when replicas come, go, or stand elsewhere", () => {
    const cloud = aCloud([aHost(1), aHost(2)], [aVm(1, h1)]);
    const at = (...replicas: Replica[]) => ({ ...cloud, replicas });
    expect(sameRoom(cloud, at())).toBe(true);
    expect(sameRoom(at(replica(1, h2)), at(replica(1, h2)))).toBe(true);
    expect(sameRoom(at(replica(1, h2)), at())).toBe(false);
    expect(sameRoom(at(replica(1, h2)), at(replica(1, h3)))).toBe(false);
  });
});
