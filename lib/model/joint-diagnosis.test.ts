import { expect, test } from "vitest";
import { type CustomerView, concludeTogether, jointTable, type ProviderView } from "./joint-diagnosis.ts";

const hosts = ["well", "suspected", "dead", "cut-off", "unknown"] as const;
const vms = [
  ...(["running", "silent", "hung", "unreachable", "paused", "suspended"] as const),
  ...(["crashed", "stopped", "missing", "unknown"] as const),
];
const reached = ["by-all", "by-some", "by-none", "unknown"] as const;
const processes = ["running", "some-dead", "unknown"] as const;
const services = ["answers", "fails", "unknown"] as const;

const pairs: readonly { readonly provider: ProviderView; readonly customer: CustomerView }[] = hosts.flatMap((host) =>
  vms.flatMap((vm) =>
    reached.flatMap((by) =>
      processes.flatMap((process) =>
        services.map((service) => ({
          provider: { host, vm },
          customer: { reached: by, processes: process, service },
        })),
      ),
    ),
  ),
);

const cases: readonly [
  ProviderView["host"],
  ProviderView["vm"],
  CustomerView["reached"],
  CustomerView["processes"],
  CustomerView["service"],
  string,
][] = [
  // What is plain.
  ["well", "running", "by-all", "running", "answers", "null certain"],
  ["well", "running", "by-all", "some-dead", "fails", "application certain"],
  ["well", "running", "by-all", "running", "fails", "application certain"],
  ["well", "running", "unknown", "unknown", "fails", "application likely"],
  ["well", "stopped", "by-none", "unknown", "fails", "vm certain"],
  ["well", "crashed", "unknown", "unknown", "unknown", "vm certain"],
  ["well", "hung", "by-none", "unknown", "fails", "vm certain"],
  ["dead", "unknown", "by-none", "unknown", "fails", "host certain"],
  ["cut-off", "unknown", "by-none", "unknown", "fails", "host likely"],
  ["well", "unreachable", "by-none", "running", "fails", "vm certain"],
  // The two contradict each other.
  ["well", "hung", "by-all", "running", "answers", "null unsure"],
  ["well", "hung", "by-some", "running", "fails", "null unsure"],
  ["dead", "unknown", "by-all", "running", "answers", "null unsure"],
  ["well", "stopped", "by-all", "running", "answers", "null unsure"],
  // The views do not settle it.
  ["well", "silent", "unknown", "unknown", "fails", "null unsure"],
  ["well", "silent", "by-none", "unknown", "fails", "vm likely"],
  ["well", "silent", "by-all", "running", "fails", "application likely"],
  ["suspected", "unknown", "by-none", "unknown", "fails", "null unsure"],
  ["unknown", "unknown", "unknown", "unknown", "unknown", "null unsure"],
  ["well", "missing", "unknown", "unknown", "unknown", "null unsure"],
];

test.each(cases)("host %s, VM %s; reached %s, processes %s, service %s: %s", (host, vm, by, process, service, end) => {
  const { layer, certainty } = concludeTogether({ host, vm }, { reached: by, processes: process, service });
  expect(`${layer} ${certainty}`).toBe(end);
});

test("every pair of views has a conclusion, from a row of the table", () => {
  for (const { provider, customer } of pairs)
    expect(jointTable.map((row) => row.conclusion)).toContain(concludeTogether(provider, customer));
});

test("every row but the last resort is the conclusion of some pair", () => {
  const reachedRows = new Set(pairs.map(({ provider, customer }) => concludeTogether(provider, customer)));
  const idle = jointTable.filter((row) => !reachedRows.has(row.conclusion));
  expect(idle).toEqual([]);
});

test("no failure of VM or host is concluded of what serves, and none where neither knows anything", () => {
  for (const { provider, customer } of pairs) {
    const { layer, certainty } = concludeTogether(provider, customer);
    if (customer.service === "answers") expect(layer === "vm" || layer === "host").toBe(false);
    if (customer.reached === "by-all" && layer === "vm")
      expect(["stopped", "crashed", "paused", "suspended"]).toContain(provider.vm);
    const blind = provider.host === "unknown" && customer.service === "unknown" && customer.reached === "unknown";
    if (blind) expect({ layer, certainty }).toEqual({ layer: null, certainty: "unsure" });
  }
});
