import { expect, test } from "vitest";
import { defaultPolicy } from "../model/index.ts";
import { capacityOf } from "./capacity.ts";
import { aHost, aVm } from "./testing/things.ts";

const host = aHost(1, { cpus: 4, memoryMiB: 2560 });
const cloud = (...vms: ReturnType<typeof aVm>[]) => ({ vms, policy: { ...defaultPolicy, reserveMiB: 512 } });

test.each([
  ["a VM that runs", aVm(1), 256],
  ["a VM that is down and should run", aVm(1, { state: "stopped" }), 256],
  ["a VM on its way here", aVm(1, { hostId: aHost(2).id, movingTo: host.id }), 256],
  ["a VM that its owner stopped", aVm(1, { state: "stopped", wanted: "stopped" }), 0],
  ["a VM of another host", aVm(1, { hostId: aHost(2).id }), 0],
])("%s takes %s", (_, vm, usedMiB) => {
  expect(capacityOf(cloud(vm), host)).toMatchObject({ usedMiB, totalMiB: 2048, totalCpus: 16 });
});

test("nothing is said of a host that has not said what it has, nor to customers", () => {
  expect(capacityOf(cloud(aVm(1)), { ...host, memoryMiB: null })).toBeUndefined();
  expect(capacityOf({ vms: [], policy: null }, host)).toBeUndefined();
});
