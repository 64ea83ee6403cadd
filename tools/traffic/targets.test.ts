import { expect, test } from "vitest";
import type { CloudView, VmView } from "../../lib/contract/index.ts";
import { defaultAgreement, defaultPolicy, freshVm, idSource } from "../../lib/model/index.ts";
import { mayBeAsked, targetsOf } from "./targets.ts";

test.each([
  ["127.0.0.1", true],
  ["127.255.255.254", true],
  ["::1", true],
  ["198.18.0.1", true],
  ["198.19.255.255", true],
  ["198.17.255.255", false],
  ["198.20.0.0", false],
  ["128.0.0.1", false],
  ["10.0.0.1", false],
  ["192.168.1.1", false],
  ["8.8.8.8", false],
  ["::", false],
  ["::ffff:8.8.8.8", false],
  ["2001:db8::1", false],
  ["localhost", false],
  ["127.0.0.1.example.test", false],
  ["", false],
])("%s may be asked: %s", (address, answer) => {
  expect(mayBeAsked(address)).toBe(answer);
});

const ids = idSource(Date.now, Math.random);
const organizationId = ids.next("org");
const vm = (name: string, applicationId: VmView["applicationId"], answerCheck: VmView["answerCheck"]): VmView => ({
  ...freshVm,
  ...{ id: ids.next("vm"), hostId: null, organizationId, applicationId, imageId: null, name, answerCheck },
  ...{ uuid: name, memoryMiB: 1, vcpus: 1, wanted: "running", state: "running", reason: "none", stateSince: 0 },
  ...{ runId: 1, persistent: true, consent: "restart-vm" },
});

test("an application is asked where its VMs answer TCP, and nowhere else", () => {
  const shop = {
    id: ids.next("app"),
    organizationId,
    name: "shop",
    mode: "provider",
    checkpointEveryMs: null,
    agreement: defaultAgreement,
  } as const;
  const quiet = {
    id: ids.next("app"),
    organizationId,
    name: "quiet",
    mode: "provider",
    checkpointEveryMs: null,
    agreement: defaultAgreement,
  } as const;
  const cloud: CloudView = {
    ...{ seq: 1, simulated: false, organizations: [], hosts: [], incidents: [], applications: [shop, quiet] },
    ...{
      fenceDevices: [],
      hooks: [],
      maintenances: [],
      policy: defaultPolicy,
      tolerance: [],
      checkpointStoreFullSince: null,
    },
    ...{
      checkpointStatuses: [],
      checkpointLimits: { leastMs: 1000, mostMs: 86_400_000 },
      checkpointsToldEveryMs: 5000,
    },
    ...{ modesOffered: [], images: [], managers: [], sensorReports: [], allocations: [] },
    viewer: { userId: null, name: "operator", organizationId, role: "provider" },
    vms: [
      vm("web-1", shop.id, { kind: "tcp", address: "198.18.0.2", port: 80 }),
      vm("far", shop.id, { kind: "tcp", address: "203.0.113.7", port: 80 }),
      vm("mute", quiet.id, { kind: "agent" }),
      vm("free", null, { kind: "tcp", address: "198.18.0.3", port: 80 }),
    ],
  };
  const { applications, refused } = targetsOf(cloud);
  expect(applications).toEqual([
    { id: shop.id, name: "shop", targets: [{ vm: "web-1", address: "198.18.0.2", port: 80 }] },
  ]);
  expect(refused.map((target) => target.vm)).toEqual(["far"]);
});
