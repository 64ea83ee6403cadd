import { describe, expect, test } from "vitest";
import { agoWords, exactClockWords, spanWords, stopwatchWords } from "./durations.ts";
import { aCheckpointStatus, aHost, anIncident, aVm } from "./testing/things.ts";
import { bytesWords, changeWords, incidentTitle, listWords, percentWords, reasonOf } from "./words.ts";

test.each([
  [-5, "0 ms"],
  [0, "0 ms"],
  [412.4, "412 ms"],
  [999.6, "1.00 s"],
  [4_321, "4.32 s"],
  [59_996, "1 min 00 s"],
  [125_000, "2 min 05 s"],
  [3_599_600, "1 h 00 min"],
  [11_220_000, "3 h 07 min"],
])("a span of %d ms is %s", (ms, words) => expect(spanWords(ms)).toBe(words));

test.each([
  [-100, "0.0 s"],
  [4_380, "4.3 s"],
  [65_250, "1:05.2"],
  [3_723_000, "1:02:03"],
])("a stopwatch at %d ms shows %s", (ms, words) => expect(stopwatchWords(ms)).toBe(words));

test.each([
  [900, "a moment"],
  [44_000, "40 s"],
  [720_000, "12 min"],
  [18_000_000, "5 h"],
  [260_000_000, "3 d"],
])("%d ms ago is %s", (ms, words) => expect(agoWords(ms)).toBe(words));

test("milliseconds are shown where they count", () => {
  expect(exactClockWords(new Date(2026, 10, 22, 14, 3, 7, 42).getTime())).toBe("14:03:07.042");
});

describe("why a VM is as it is", () => {
  test.each([
    [{ state: "stopped", reason: "failed" }, "The VM's process died."],
    [{ state: "stopped", reason: "unknown" }, "No process carries the VM."],
    [{ state: "paused", reason: "io-error" }, "Held on a disk error."],
    [{ state: "running", reason: "crashed" }, "The guest has its CPUs."],
  ] as const)("%o", (vm, words) => expect(reasonOf(vm)).toBe(words));
});

describe("sentences for those to whom the server sends none", () => {
  const vms = [aVm(1)];
  const dead = { kind: "vm.changed", vm: aVm(1, { state: "stopped", reason: "failed", runId: null }) } as const;
  const well = { kind: "vm.changed", vm: aVm(1) } as const;
  test("a VM that stops", () => expect(changeWords(dead, well, vms)).toBe("web-1 is stopped. The VM's process died."));
  test("a VM whose settings change", () =>
    expect(changeWords({ ...well, vm: aVm(1, { consent: "notify" }) }, well, vms)).toBe(
      "web-1: its settings changed.",
    ));
  test("a VM of which only the provider's part changed", () => expect(changeWords(well, well, vms)).toBeUndefined());
  test("an incident, when it opens and when it ends", () => {
    const open = { kind: "incident.changed", incident: anIncident(1) } as const;
    const incident = anIncident(1, { state: "repaired", words: "It answers again." });
    expect(changeWords(open, undefined, vms)).toBe("Incident of web-1: repairing. It is being started.");
    expect(changeWords({ kind: "incident.changed", incident }, open, vms)).toBe(
      "Incident of web-1: repaired. It answers again.",
    );
  });
  test("the VM of an incident may be gone", () =>
    expect(incidentTitle(anIncident(1), { vms: [], hosts: [] })).toBe("a VM that is gone: the VM's process died"));
});

test("an incident of a host is called by the host", () => {
  const incident = anIncident(1, { vmId: null, layer: "host", cause: "libvirtd-dead" });
  expect(incidentTitle(incident, { vms: [aVm(1)], hosts: [aHost(1)] })).toMatch(/^host-1: the host's libvirtd/);
});

test.each([
  [600, "1 KiB"],
  [34 * 1024 * 1024, "34 MiB"],
  [1.6 * 1024 ** 3, "1.6 GiB"],
])("%d bytes are %s", (bytes, words) => expect(bytesWords(bytes)).toBe(words));

test.each([
  [["web-1"], "web-1"],
  [["web-1", "web-2"], "web-1 and web-2"],
  [["web-1", "web-2", "web-3"], "web-1, web-2 and web-3"],
  [["web-1", "web-2", "web-3", "web-4"], "web-1, web-2 and 2 others"],
])("names as a list: %j", (names, words) => {
  expect(listWords(names)).toBe(words);
});

test.each([
  [0, "0 %"],
  [0.004, "less than 0.01 %"],
  [0.614, "0.61 %"],
  [42.3, "42 %"],
])("%d percent", (percent, words) => {
  expect(percentWords(percent)).toBe(words);
});

test.each<
  [
    string,
    Parameters<typeof aCheckpointStatus>[1],
    Parameters<typeof aCheckpointStatus>[1] | undefined,
    string | undefined,
  ]
>([
  ["a newer one", { lastAt: 2 }, { lastAt: 1 }, undefined],
  [
    "a standby that follows",
    { standby: { ready: true, words: "" } },
    { standby: { ready: false, words: "" } },
    undefined,
  ],
  ["the first that this page hears", { lastAt: 2 }, undefined, undefined],
  ["a first one", { lastAt: 2 }, { lastAt: null }, "web-1: a first saved state of it is there."],
  ["none left", { lastAt: null }, { lastAt: 1 }, "web-1: no saved state of it is left."],
  ["trouble", { trouble: "The store is full." }, {}, "web-1: The store is full."],
  ["trouble over", {}, { trouble: "The store is full." }, "web-1: its state is saved as was chosen."],
  ["no way any more", { offer: { method: null, words: "It cannot be.", lazy: false } }, {}, "web-1: It cannot be."],
])("a saved state as news: %s", (_, now, before, words) => {
  const change = (status: Parameters<typeof aCheckpointStatus>[1]) => ({
    kind: "checkpoint-status.changed" as const,
    organizationId: null,
    status: aCheckpointStatus(1, status),
  });
  expect(changeWords(change(now), before && change(before), [aVm(1)])).toBe(words);
});
