import { describe, expect, test } from "vitest";
import type { Vm } from "../../model/index.ts";
import { aCloud, aHost, aVm, hostNumber, organizationNumber, vmNumber } from "../testing/clouds.ts";
import { placeVms } from "./place.ts";

const [h1, h2, h3] = [hostNumber(1), hostNumber(2), hostNumber(3)];

/** VMs of host-1 that died, placed on what else there is: the host's number, or the refusal. */
function places(
  hosts: Parameters<typeof aCloud>[0],
  vms: readonly Vm[],
  policy: Parameters<typeof aCloud>[2] = {},
): (number | string)[] {
  const lost = vms.filter((vm) => vm.hostId === h1);
  const found = placeVms(aCloud([aHost(1, { rack: "a" }), ...hosts], vms, policy), lost, new Set([h1]));
  return lost.map((vm) => {
    const place = found.get(vm.id);
    if (place === undefined) return "nothing";
    return "host" in place ? Number(place.host.slice(4)) : place.detail;
  });
}

describe("room", () => {
  test("the host with the most free memory gets the VM, and the next one goes where then is most", () => {
    const vms = [aVm(1, h1), aVm(2, h1), aVm(3, h2, { memoryMiB: 500 })];
    expect(places([aHost(2), aHost(3)], vms)).toEqual([3, 2]);
  });
  test("memory that is reserved, used, or promised to a VM on its way there, is not free", () => {
    const moving = aVm(9, h3, { movingTo: h2, memoryMiB: 2000 });
    const hosts = [aHost(2, { memoryMiB: 3500 }), aHost(3, { memoryMiB: 2100 })];
    expect(places(hosts, [aVm(1, h1), moving], { reserveMiB: 476 })).toEqual([2]);
    expect(places(hosts, [aVm(1, h1), moving], { reserveMiB: 512 })).toEqual([
      "It needs 1024 MiB and 1 CPU; host-2 has 988 MiB free, host-3 has 0 MiB free.",
    ]);
  });
  test("a VM that is off and should be takes no room; one that is off and should run does", () => {
    const off = (wanted: Vm["wanted"]) => aVm(2, h2, { state: "stopped", wanted, memoryMiB: 8000 });
    expect(places([aHost(2)], [aVm(1, h1), off("stopped")])).toEqual([2]);
    expect(places([aHost(2)], [aVm(1, h1), off("running")])).toEqual([expect.stringContaining("192 MiB free")]);
  });
  test("overcommit multiplies CPUs and memory", () => {
    const big = aVm(1, h1, { memoryMiB: 12_000, vcpus: 16 });
    expect(places([aHost(2)], [big], { memoryOvercommit: 1.5, cpuOvercommit: 2 })).toEqual([2]);
    expect(places([aHost(2)], [big], { memoryOvercommit: 1.5, cpuOvercommit: 1 })).toEqual([
      "It needs 12000 MiB and 16 CPUs; host-2 has 8 virtual CPUs free.",
    ]);
  });
  test("where it is scarce the higher priority gets it, and of equals the larger", () => {
    const hosts = [aHost(2, { memoryMiB: 2048 })];
    const wins = (over: Partial<Vm>, other: Partial<Vm>) =>
      places(hosts, [aVm(1, h1, { memoryMiB: 2048, ...over }), aVm(2, h1, { memoryMiB: 1500, ...other })]).indexOf(2);
    expect(wins({}, {})).toBe(0);
    expect(wins({ priority: 3 }, { priority: 7 })).toBe(1);
  });
});

describe("hosts that get nothing", () => {
  const others = [
    ["in maintenance", { standing: "maintenance" }],
    ["being fenced", { standing: "fencing" }],
    ["silent", { state: "silent" }],
    ["overdue", { health: "yellow" }],
    ["of unknown size", { memoryMiB: null }],
  ] as const;
  test.each(others)("%s", (_, over) => {
    expect(places([aHost(2, over)], [aVm(1, h1)])).toEqual([expect.stringContaining("No other host")]);
  });
});

describe("storage", () => {
  test("every disk lies in a directory that both hosts name as shared", () => {
    const hosts = [aHost(2, { sharedPaths: ["/other"] }), aHost(3, { memoryMiB: 2000 })];
    expect(places(hosts, [aVm(1, h1)])).toEqual([3]);
    expect(places([hosts[0] ?? aHost(2)], [aVm(1, h1)])).toEqual([expect.stringContaining("does not see its disk")]);
  });
  test.each([["/sharedx/a"], ["/var/a"], ["/shared/../etc/a"]])("%s is on its host alone", (path) => {
    expect(places([aHost(2)], [aVm(1, h1, { diskPaths: [path] })])).toEqual([expect.stringContaining("alone")]);
  });
  test("a disk on the network has no path and goes anywhere", () => {
    expect(places([aHost(2, { sharedPaths: [] })], [aVm(1, h1, { diskPaths: [] })])).toEqual([2]);
  });
});

describe("groups", () => {
  test("kept apart: never two on one host, also not with one that runs there already", () => {
    const vms = [1, 2].map((n) => aVm(n, h1, { apart: "db" }));
    expect(places([aHost(2), aHost(3)], vms)).toEqual([2, 3]);
    expect(places([aHost(2)], [...vms, aVm(3, h2, { apart: "db" })])).toEqual([
      expect.stringContaining("host-2 carries another VM of its group"),
      expect.stringContaining("host-2 carries another VM of its group"),
    ]);
  });
  test("two organizations may use the same name", () => {
    const other = aVm(3, h2, { apart: "db", organizationId: organizationNumber(1) });
    expect(places([aHost(2)], [aVm(1, h1, { apart: "db" }), other])).toEqual([2]);
  });
  test("kept together: all to one host, or to the one that has the others, or nowhere", () => {
    const vms = [1, 2, 3].map((n) => aVm(n, h1, { together: "web", memoryMiB: 2000 }));
    expect(places([aHost(2), aHost(3)], vms)).toEqual([2, 2, 2]);
    expect(places([aHost(2, { memoryMiB: 5000 }), aHost(3, { memoryMiB: 5000 })], vms)[0]).toBe(
      "It needs 6000 MiB and 3 CPUs for the 3 VMs that are kept together; host-2 has 5000 MiB free, host-3 has 5000 MiB free.",
    );
    expect(places([aHost(2), aHost(3)], [...vms, aVm(4, h3, { together: "web" })])).toEqual([3, 3, 3]);
    const held = aVm(4, h3, { together: "web" });
    expect(places([aHost(2), aHost(3, { standing: "maintenance" })], [...vms, held])[0]).toMatch(/kept together/);
  });
  test("racks: rather not the lost one's, and not one that has a VM of the group", () => {
    const hosts = [
      aHost(2, { rack: "a" }),
      aHost(3, { rack: "b", memoryMiB: 4000 }),
      aHost(4, { rack: "c", memoryMiB: 3000 }),
    ];
    expect(places(hosts, [aVm(1, h1)])).toEqual([3]);
    expect(
      places(
        hosts,
        [1, 2, 3].map((n) => aVm(n, h1, { apart: "db" })),
      ),
    ).toEqual([3, 4, 2]);
    expect(places(hosts.slice(0, 1), [aVm(1, h1)])).toEqual([2]);
  });
});

test("the owner's words name no host", () => {
  const lost = [aVm(1, h1, { memoryMiB: 9000 })];
  const place = placeVms(aCloud([aHost(1), aHost(2), aHost(3), aHost(4)], lost), lost, new Set([h1]));
  const found = place.get(vmNumber(1));
  expect(found).toMatchObject({ refusal: "There is no room for it elsewhere: it needs 9000 MiB and 1 CPU." });
});
