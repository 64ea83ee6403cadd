import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Host, HostId, Vm } from "../../model/index.ts";
import { aCloud, aHost, aVm, hostNumber } from "../testing/clouds.ts";
import { apartOf, type Inventory, mayCarry, takesRoom, togetherOf } from "./inventory.ts";
import { placeVms } from "./place.ts";
import { toleranceOf } from "./tolerance.ts";

const hostSpec = fc.record({
  rack: fc.constantFrom(null, "a", "b"),
  memoryMiB: fc.constantFrom(1000, 4000, 16_000),
  cpus: fc.constantFrom(1, 4),
  standing: fc.constantFrom<Host["standing"]>("in-use", "in-use", "in-use", "maintenance"),
  health: fc.constantFrom<Host["health"]>("green", "green", "green", "yellow"),
  sharedPaths: fc.constantFrom(["/shared"], ["/shared"], ["/other"], []),
});
const vmSpec = fc.record({
  host: fc.nat(),
  memoryMiB: fc.constantFrom(100, 500, 2000),
  vcpus: fc.constantFrom(1, 2),
  priority: fc.constantFrom(0, 5, 9),
  apart: fc.constantFrom(null, null, "x", "y"),
  together: fc.constantFrom(null, null, "t", "u"),
  wanted: fc.constantFrom<Vm["wanted"]>("running", "running", "stopped"),
  disk: fc.constantFrom("/shared/d", "/shared/d", "/local/d", undefined),
});

/** A cloud in which the first `dead` hosts died. */
const clouds = fc
  .tuple(fc.array(hostSpec, { minLength: 2, maxLength: 8 }), fc.array(vmSpec, { maxLength: 24 }), fc.nat({ max: 2 }))
  .map(([hostSpecs, vmSpecs, dead]) => {
    const hosts = hostSpecs.map((spec, at) => aHost(at + 1, spec));
    const vms = vmSpecs.map(({ host, disk, ...spec }, at) =>
      aVm(at + 1, hostNumber((host % hosts.length) + 1), { ...spec, diskPaths: disk === undefined ? [] : [disk] }),
    );
    const exclude = new Set(hosts.slice(0, dead + 1).map(({ id }) => id));
    const lost = vms.filter((vm) => exclude.has(vm.hostId) && vm.wanted === "running");
    return { cloud: aCloud(hosts, vms, { cpuOvercommit: 2, reserveMiB: 100 }), exclude, lost };
  });

const used = (vms: readonly Vm[], host: HostId) =>
  vms
    .filter((vm) => vm.hostId === host && takesRoom(vm))
    .reduce((sum, vm) => ({ miB: sum.miB + vm.memoryMiB, cpus: sum.cpus + vm.vcpus }), { miB: 0, cpus: 0 });

/** The cloud after the places are taken; who found none is gone. */
function outcome(cloud: Inventory, lost: readonly Vm[], exclude: ReadonlySet<HostId>) {
  const places = placeVms(cloud, lost, exclude);
  const placed = new Set<string>();
  const vms = cloud.vms.flatMap((vm) => {
    const place = places.get(vm.id);
    if (place === undefined) return exclude.has(vm.hostId) ? [] : [vm];
    if (!("host" in place)) return [];
    placed.add(vm.id);
    return [{ ...vm, hostId: place.host }];
  });
  return { places, vms, placed };
}

describe("whatever the cloud", () => {
  test("each lost VM gets a host that may carry it, or words", () => {
    fc.assert(
      fc.property(clouds, ({ cloud, exclude, lost }) => {
        const { places } = outcome(cloud, lost, exclude);
        expect(places.size).toBe(lost.length);
        for (const place of places.values()) {
          if (!("host" in place)) expect(place.refusal + place.detail).toMatch(/\.$/);
          else {
            const host = cloud.hosts.find(({ id }) => id === place.host);
            expect(host !== undefined && mayCarry(host) && !exclude.has(host.id)).toBe(true);
          }
        }
      }),
    );
  });

  test("no host is filled beyond its capacity", () => {
    fc.assert(
      fc.property(clouds, ({ cloud, exclude, lost }) => {
        const { vms, placed } = outcome(cloud, lost, exclude);
        for (const host of cloud.hosts) {
          if (!vms.some((vm) => vm.hostId === host.id && placed.has(vm.id))) continue;
          const { miB, cpus } = used(vms, host.id);
          expect(miB).toBeLessThanOrEqual((host.memoryMiB ?? 0) - 100);
          expect(cpus).toBeLessThanOrEqual((host.cpus ?? 0) * 2);
        }
      }),
    );
  });

  test("groups are kept apart and together, and disks are seen", () => {
    fc.assert(
      fc.property(clouds, ({ cloud, exclude, lost }) => {
        const { vms, placed } = outcome(cloud, lost, exclude);
        const live = vms.filter(takesRoom);
        for (const vm of live.filter(({ id }) => placed.has(id))) {
          const others = live.filter((it) => it.id !== vm.id);
          const apart = apartOf(vm);
          if (apart !== undefined)
            expect(others.some((it) => apartOf(it) === apart && it.hostId === vm.hostId)).toBe(false);
          const together = others.filter((it) => togetherOf(it) === togetherOf(vm) && togetherOf(vm) !== undefined);
          if (together.length > 0) expect(together.some((it) => it.hostId === vm.hostId)).toBe(true);
          const host = cloud.hosts.find(({ id }) => id === vm.hostId);
          for (const path of vm.diskPaths)
            expect(host?.sharedPaths.some((shared) => path.startsWith(`${shared}/`))).toBe(true);
        }
      }),
    );
  });

  test("the order in which it is told changes nothing", () => {
    fc.assert(
      fc.property(clouds, ({ cloud, exclude, lost }) => {
        const turned = { ...cloud, hosts: cloud.hosts.toReversed(), vms: cloud.vms.toReversed() };
        const sorted = (places: ReturnType<typeof placeVms>) => [...places].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(placeVms(turned, lost.toReversed(), exclude))).toEqual(sorted(placeVms(cloud, lost, exclude)));
      }),
    );
  });

  test("a misfit of the tolerance is a VM that placing it finds no place for, and no other", () => {
    fc.assert(
      fc.property(clouds, ({ cloud }) => {
        const told = new Map(toleranceOf(cloud).map(({ hostId, misfits }) => [hostId, misfits.map((it) => it.vmId)]));
        for (const host of cloud.hosts) {
          const lost = cloud.vms.filter((vm) => vm.hostId === host.id && vm.wanted === "running");
          const places = placeVms(cloud, lost, new Set([host.id]));
          const misfits = lost.filter((vm) => !("host" in (places.get(vm.id) ?? {}))).map(({ id }) => id);
          expect(told.get(host.id) ?? []).toEqual(misfits);
        }
      }),
    );
  });
});
