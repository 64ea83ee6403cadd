import { describe, expect, test } from "vitest";
import type { Vm } from "../../model/index.ts";
import { aCloud, aHost, aVm, hostNumber } from "../testing/clouds.ts";
import { planDrain } from "./drain.ts";
import { relocationRefusal } from "./relocation.ts";
import { toleranceOf } from "./tolerance.ts";

const [h1, h2, h3] = [hostNumber(1), hostNumber(2), hostNumber(3)];

describe("a drain", () => {
  const drain = (vms: readonly Vm[], hosts = [aHost(1), aHost(2), aHost(3)]) => planDrain(aCloud(hosts, vms), h1);

  test("moves what runs there, and leaves others alone", () => {
    const plan = drain([aVm(1, h1), aVm(2, h1), aVm(3, h3), aVm(4, h1, { state: "stopped", wanted: "stopped" })]);
    expect(plan.moves.map(({ host }) => host)).toEqual([h2, h2]);
    expect(plan.stays).toEqual([]);
  });

  const staying: [string, Partial<Vm>, RegExp][] = [
    ["its owner does not allow it", { consent: "restart-vm" }, /allows "restart-vm"/],
    ["its disk is on this host alone", { diskPaths: ["/var/lib/libvirt/images/a.qcow2"] }, /this host alone/],
    ["it does not run", { state: "paused" }, /held by the hypervisor/],
    ["it is too large for the others", { memoryMiB: 9000 }, /host-2 has 8192 MiB free/],
  ];
  test.each(staying)("leaves a VM there when %s", (_, over, words) => {
    const plan = drain([aVm(1, h1, over), aVm(2, h1)]);
    expect(plan.moves).toHaveLength(1);
    expect(plan.stays).toEqual([{ vmId: aVm(1, h1).id, words: expect.stringMatching(words) }]);
  });

  test("goes elsewhere with a VM that a host did not take, and keeps room for the others", () => {
    const cloud = aCloud([aHost(1), aHost(2), aHost(3, { memoryMiB: 1500 })], [aVm(1, h1), aVm(2, h1)]);
    const first = aVm(1, h1).id;
    const hosts = (tried: Parameters<typeof planDrain>[2]) =>
      planDrain(cloud, h1, tried).moves.map(({ vmId, host }) => [vmId === first ? 1 : 2, host === h2 ? 2 : 3]);
    expect(hosts(new Map([[first, [h2]]]))).toEqual([
      [2, 2],
      [1, 3],
    ]);
    expect(hosts(new Map([[first, [h2, h3]]]))).toEqual([[2, 2]]);
  });

  test("does not tear a group that is kept together", () => {
    const plan = drain([aVm(1, h1, { together: "g", consent: "notify" }), aVm(2, h1, { together: "g" })]);
    expect(plan.moves).toEqual([]);
    expect(plan.stays[1]?.words).toBe("It is kept together with vm-1, which stays.");
  });
});

describe("what must not be started elsewhere", () => {
  test.each([
    [{ consent: "relocate" }, "provider", undefined],
    [{ consent: "recreate" }, "collaborative", undefined],
    [{ consent: "restart-vm" }, "provider", /restart-vm/],
    [{ wanted: "stopped" }, "provider", /stopped/],
    [{}, "none", /off/],
    [{}, "customer", /alone/],
  ] as const)("%j, mode %s → %s", (over, mode, words) => {
    const refusal = relocationRefusal(aVm(1, h1, over), mode);
    if (words === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toMatch(words);
  });
});

describe("what would not come back", () => {
  const full = (host: typeof h1, from: number) => Array.from({ length: 5 }, (_, at) => aVm(from + at, host));

  test("is said by host, and nothing where all fits", () => {
    const vms = [...full(h1, 1), ...full(h2, 10)];
    expect(toleranceOf(aCloud([aHost(1), aHost(2), aHost(3)], vms))).toEqual([]);
    const two = toleranceOf(aCloud([aHost(1), aHost(2)], vms));
    expect(two.map(({ hostId, misfits }) => [hostId, misfits.length])).toEqual([
      [h1, 2],
      [h2, 2],
    ]);
    expect(two[0]?.misfits[0]?.words).toContain("host-2 has 0 MiB free");
  });

  test("does not count a VM whose owner does not allow it to be moved", () => {
    const vms = full(h1, 1).map((vm) => ({ ...vm, consent: "restart-vm" as const }));
    expect(toleranceOf(aCloud([aHost(1)], vms))).toEqual([]);
  });

  test("counts the fullest other hosts as lost too where the policy tolerates more than one", () => {
    const vms = [...full(h1, 1), ...full(h2, 10), ...full(h3, 20)];
    const hosts = [aHost(1), aHost(2), aHost(3)];
    expect(toleranceOf(aCloud(hosts, vms, { tolerateHosts: 1 }))).toEqual([]);
    const both = toleranceOf(aCloud(hosts, vms, { tolerateHosts: 2 }));
    expect(both.map(({ misfits }) => misfits.length)).toEqual([5, 5, 5]);
  });
});
