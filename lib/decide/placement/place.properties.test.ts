import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Host, HostId, Vm } from "../../model/index.ts";
import { aCloud, aHost, aVm, hostNumber } from "../testing/clouds.ts";
import { apartOf, type Inventory, mayCarry, takesRoom, togetherOf } from "./inventory.ts";
import { placeVms } from "./place.ts";
import { placeReplica, replicasInTheWay } from "./replicas.ts";
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
  standsBy: fc.option(fc.nat(), { freq: 2 }),
});

/** A cloud in which the first `dead` hosts died. */
const clouds = fc
  .tuple(fc.array(hostSpec, { minLength: 2, maxLength: 8 }), fc.array(vmSpec, { maxLength: 24 }), fc.nat({ max: 2 }))
  .map(([hostSpecs, vmSpecs, dead]) => {
    const hosts = hostSpecs.map((spec, at) => aHost(at + 1, spec));
    const vms = vmSpecs.map(({ host, disk, standsBy: _, ...spec }, at) =>
      aVm(at + 1, hostNumber((host % hosts.length) + 1), { ...spec, diskPaths: disk === undefined ? [] : [disk] }),
    );
    const replicas = vms.flatMap((vm, at) => {
      const n = vmSpecs[at]?.standsBy ?? null;
      return n === null ? [] : [{ vmId: vm.id, hostId: hostNumber((n % hosts.length) + 1), memoryMiB: vm.memoryMiB }];
    });
    const exclude = new Set(hosts.slice(0, dead + 1).map(({ id }) => id));
    const lost = vms.filter((vm) => exclude.has(vm.hostId) && vm.wanted === "running");
    return { cloud: { ...aCloud(hosts, vms, { cpuOvercommit: 2, reserveMiB: 100 }), replicas }, exclude, lost };
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
        const turned = {
          ...cloud,
          hosts: cloud.hosts.toReversed(),
          vms: cloud.vms.toReversed(),
          replicas: cloud.replicas.toReversed(),
        };
        const sorted = (places: ReturnType<typeof placeVms>) => [...places].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(sorted(placeVms(turned, lost.toReversed(), exclude))).toEqual(sorted(placeVms(cloud, lost, exclude)));
      }),
    );
  });

  test("a replica never keeps a VM from its place, and what stays of replicas fits beside the VMs", () => {
    fc.assert(
      fc.property(clouds, ({ cloud, exclude, lost }) => {
        for (const vm of lost) {
          const isPlaced = (replicas: Inventory["replicas"] = []) =>
            "host" in (placeVms({ ...cloud, replicas }, [vm], exclude).get(vm.id) ?? {});
          expect(isPlaced(cloud.replicas)).toBe(isPlaced());
        }
        const { vms, placed } = outcome(cloud, lost, exclude);
        const gone = new Set(replicasInTheWay({ ...cloud, vms }).map(({ vmId }) => vmId));
        for (const host of cloud.hosts) {
          if (!vms.some((vm) => vm.hostId === host.id && placed.has(vm.id))) continue;
          const left = cloud.replicas.filter(
            ({ vmId, hostId }) =>
              hostId === host.id &&
              !gone.has(vmId) &&
              !vms.some((vm) => vm.id === vmId && vm.hostId === host.id && takesRoom(vm)),
          );
          const replicasMiB = left.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0);
          expect(used(vms, host.id).miB + replicasMiB).toBeLessThanOrEqual((host.memoryMiB ?? 0) - 100);
        }
      }),
    );
  });

  test("a new replica is in nobody's way", () => {
    fc.assert(
      fc.property(clouds, ({ cloud }) => {
        for (const vm of cloud.vms.filter(takesRoom)) {
          const others = cloud.replicas.filter(({ vmId }) => vmId !== vm.id);
          const place = placeReplica({ ...cloud, replicas: others }, vm);
          if (!("host" in place)) continue;
          const made = { vmId: vm.id, hostId: place.host, memoryMiB: vm.memoryMiB };
          const inTheWay = (replicas: typeof others) =>
            replicasInTheWay({ ...cloud, replicas }).filter(({ hostId }) => hostId === place.host);
          expect(inTheWay([...others, made])).toEqual(inTheWay(others));
        }
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
