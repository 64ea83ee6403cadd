import { expect, test } from "vitest";
import { defaultPolicy, freshHost, freshVm } from "../model/index.ts";
import { fromHost, type HostLossQuestion, withHostLoss } from "./host-loss.ts";
import { cloudFor } from "./redact.ts";
import { type CloudView, cloudView } from "./views.ts";

const safe = { ok: true, words: "Protected: its power switch (fence_ipmilan) answers." };
const question = (more: Partial<HostLossQuestion> = {}): HostLossQuestion => ({
  vm: { consent: "relocate", wanted: "running" },
  mode: "provider",
  host: { standing: "in-use", protection: safe },
  fits: true,
  ...more,
});

test.each<[string, Partial<HostLossQuestion>, RegExp | null]>([
  ["would be started elsewhere", {}, null],
  ["may not be moved", { vm: { consent: "restart-vm", wanted: "running" } }, /does not allow a start on another host/],
  ["has its protection off", { mode: "none" }, /off/],
  ["is repaired by its owner", { mode: "customer" }, /owner repairs it alone/],
  ["is on a host that could not be proven off", { host: { ...freshHost } }, /could not be proven off/],
  ["is on a host in maintenance", { host: { standing: "maintenance", protection: safe } }, /maintenance/],
  ["fits nowhere", { fits: false }, /No other host/],
  ["is wanted stopped", { vm: { consent: "notify", wanted: "stopped" } }, null],
])("a VM that %s", (_, more, words) => {
  const { hostLoss } = fromHost(question(more));
  if (words === null) expect(hostLoss).toBeNull();
  else expect(hostLoss).toMatch(words);
});

test.each([
  ["in-use", null],
  ["maintenance", /maintenance/],
  ["fencing", /made sure/],
  ["fenced", /off/],
  ["returning", /examined/],
] as const)("where it runs: %s", (standing, words) => {
  const { onHold } = fromHost(question({ host: { standing, protection: safe } }));
  if (words === null) expect(onHold).toBeNull();
  else expect(onHold).toMatch(words);
});

const id = (kind: string, n = 1) => `${kind}_${String(n).padStart(20, "0")}`;
const vm = (n: number) => ({
  ...freshVm,
  id: id("vm", n),
  hostId: id("hst"),
  organizationId: id("org", 2),
  applicationId: null,
  imageId: null,
  name: `web-${n}`,
  uuid: "00000000-0000-4000-8000-000000000000",
  memoryMiB: 256,
  vcpus: 1,
  wanted: "running",
  state: "running",
  reason: "none",
  stateSince: 0,
  runId: 1,
  persistent: true,
  answerCheck: { kind: "agent" },
  consent: "relocate",
});
const cloud: CloudView = cloudView.parse({
  seq: 1,
  simulated: false,
  viewer: { userId: null, name: "Admin", organizationId: id("org"), role: "provider" },
  organizations: [],
  hosts: [
    {
      ...freshHost,
      id: id("hst"),
      name: "host-1",
      uri: "simulated://host-1",
      hostKeySha256: "SHA256:none",
      state: "up",
      stateSince: 0,
      stateWords: null,
      cpus: 4,
      memoryMiB: 8192,
      libvirtVersion: null,
      qemuVersion: null,
      faultInjection: true,
      enrolledAt: 0,
      protection: safe,
    },
  ],
  applications: [],
  vms: [vm(1), vm(2)],
  incidents: [],
  fenceDevices: [],
  hooks: [],
  maintenances: [],
  policy: defaultPolicy,
  checkpointStatuses: [],
  checkpointLimits: { leastMs: 1_000, mostMs: 86_400_000 },
  checkpointsToldEveryMs: 5_000,
  tolerance: [{ hostId: id("hst"), misfits: [{ vmId: id("vm", 2), words: "host-2 has 100 MiB free, it needs 256." }] }],
});

test("customers are told what their VMs' hosts mean for them, and nothing of the hosts", () => {
  const [owner] = cloud.vms;
  const viewer = {
    ...cloud.viewer,
    role: "customer" as const,
    organizationId: owner?.organizationId ?? cloud.viewer.organizationId,
  };
  const seen = cloudFor(viewer, { ...cloud, vms: withHostLoss(cloud) });
  expect(seen.vms.map(({ name, hostLoss, onHold }) => [name, hostLoss, onHold])).toEqual([
    ["web-1", null, null],
    ["web-2", expect.stringContaining("No other host"), null],
  ]);
  expect(JSON.stringify(seen)).not.toMatch(/host-|fence_|hst_/);
});
