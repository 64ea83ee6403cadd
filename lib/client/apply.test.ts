import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change } from "../contract/index.ts";
import { defaultPolicy } from "../model/index.ts";
import { applyEvent, applyEvents, endedIncidentsKept, fromSnapshot, type LiveCloud } from "./apply.ts";
import {
  aCheckpointStatus,
  aCloud,
  aFenceDevice,
  aHook,
  aHost,
  aMaintenance,
  anApplication,
  anEvent,
  anIncident,
  aVm,
} from "./testing/things.ts";

const cloud = (): LiveCloud => fromSnapshot(aCloud({ seq: 10 }));

describe("what each kind of event does", () => {
  const cases: [string, Change, (after: LiveCloud) => void][] = [
    [
      "a VM is replaced by what it is now",
      { kind: "vm.changed", vm: aVm(1, { state: "stopped", runId: null }) },
      (after) => expect(after.vms).toEqual([aVm(1, { state: "stopped", runId: null })]),
    ],
    ["a new VM is added", { kind: "vm.changed", vm: aVm(2) }, (after) => expect(after.vms).toEqual([aVm(1), aVm(2)])],
    [
      "a VM that is gone leaves",
      { kind: "vm.removed", vmId: aVm(1).id, organizationId: null },
      (after) => expect(after.vms).toEqual([]),
    ],
    [
      "a host changes",
      { kind: "host.changed", host: aHost(1, { state: "silent" }) },
      (after) => expect(after.hosts.map((it) => it.state)).toEqual(["silent"]),
    ],
    ["a host is forgotten", { kind: "host.removed", hostId: aHost(1).id }, (after) => expect(after.hosts).toEqual([])],
    [
      "an application changes",
      { kind: "application.changed", application: { ...anApplication(1), mode: "none" } },
      (after) => expect(after.applications.map((it) => it.mode)).toEqual(["none"]),
    ],
    [
      "the newest incident comes first",
      { kind: "incident.changed", incident: anIncident(2) },
      (after) => expect(after.incidents.map((it) => it.id)).toEqual([anIncident(2).id, anIncident(1).id]),
    ],
    [
      "a power switch is tested",
      { kind: "fence-device.changed", fenceDevice: aFenceDevice(1, { ok: false, words: "It does not answer." }) },
      (after) => expect(after.fenceDevices.map((it) => it.words)).toEqual(["It does not answer."]),
    ],
    [
      "a power switch is removed",
      { kind: "fence-device.removed", fenceDeviceId: aFenceDevice(1).id },
      (after) => expect(after.fenceDevices).toEqual([]),
    ],
    [
      "a hook is added",
      { kind: "hook.changed", hook: aHook(2) },
      (after) => expect(after.hooks.map((it) => it.id)).toEqual([aHook(1).id, aHook(2).id]),
    ],
    ["a hook is removed", { kind: "hook.removed", hookId: aHook(1).id }, (after) => expect(after.hooks).toEqual([])],
    [
      "a maintenance goes on",
      { kind: "maintenance.changed", maintenance: aMaintenance(1, { state: "empty" }) },
      (after) => expect(after.maintenances.map((it) => it.state)).toEqual(["empty"]),
    ],
    [
      "the policy changes",
      { kind: "policy.changed", policy: { ...defaultPolicy, cpuOvercommit: 8, checkpointLeastMs: 5_000 } },
      (after) => {
        expect(after.policy?.cpuOvercommit).toBe(8);
        expect(after.checkpointLimits.leastMs).toBe(5_000);
      },
    ],
    [
      "a VM was saved again",
      {
        kind: "checkpoint-status.changed",
        organizationId: null,
        status: aCheckpointStatus(1, { keptEveryMs: 9_000 }),
      },
      (after) => expect(after.checkpointStatuses.map((it) => it.keptEveryMs)).toEqual([9_000]),
    ],
    [
      "another VM is saved for the first time",
      { kind: "checkpoint-status.changed", organizationId: null, status: aCheckpointStatus(2) },
      (after) =>
        expect(after.checkpointStatuses.map((it) => it.vmId)).toEqual([
          aCheckpointStatus(1).vmId,
          aCheckpointStatus(2).vmId,
        ]),
    ],
    [
      "what would not fit changes",
      {
        kind: "tolerance.changed",
        tolerance: [{ hostId: aHost(1).id, misfits: [{ vmId: aVm(1).id, words: "no room" }] }],
      },
      (after) => expect(after.tolerance).toHaveLength(1),
    ],
  ];
  test.each(cases)("%s", (_, change, look) => {
    const after = applyEvent(cloud(), anEvent(11, change));
    expect(after.seq).toBe(11);
    look(after);
  });
});

test("a VM and its checkpoints are two things: news of one does not make news of the other old", () => {
  const status = aCheckpointStatus(1, { trouble: "The store is full." });
  const saved = applyEvent(cloud(), anEvent(12, { kind: "checkpoint-status.changed", organizationId: null, status }));
  const after = applyEvent(saved, anEvent(11, { kind: "vm.changed", vm: aVm(1, { runId: 7 }) }));
  expect(after.vms.map((it) => it.runId)).toEqual([7]);
  expect(after.checkpointStatuses).toEqual([status]);
});

test("an event that the snapshot already holds changes nothing", () => {
  const before = cloud();
  expect(applyEvent(before, anEvent(10, { kind: "vm.removed", vmId: aVm(1).id, organizationId: null }))).toBe(before);
});

test("an older word about a thing never replaces a newer one, not even to bring it back after it left", () => {
  const gone = applyEvent(cloud(), anEvent(12, { kind: "vm.removed", vmId: aVm(1).id, organizationId: null }));
  expect(applyEvent(gone, anEvent(11, { kind: "vm.changed", vm: aVm(1) }))).toBe(gone);
});

test("numbers that are not for the viewer still count as read", () => {
  const before = cloud();
  expect(applyEvents(before, [], 15)).toMatchObject({ seq: 15 });
  expect(applyEvents(before, [], 10)).toBe(before);
});

test("ended incidents are kept up to the limit, open ones all", () => {
  const ended = Array.from({ length: endedIncidentsKept + 20 }, (_, n) => anIncident(n + 2, { endedAt: 1 }));
  const events = ended.map((incident, n) => anEvent(11 + n, { kind: "incident.changed", incident }));
  const after = applyEvents(cloud(), events, 11);
  expect(after.incidents).toHaveLength(endedIncidentsKept + 1);
  expect(after.incidents.at(-1)?.id).toBe(anIncident(1).id); // the oldest, and still open
});

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }))
    .map(([n, runId]): Change => ({ kind: "vm.changed", vm: aVm(n, { runId }) })),
  fc.integer({ min: 1, max: 4 }).map((n): Change => ({ kind: "vm.removed", vmId: aVm(n).id, organizationId: null })),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom("up", "silent"))
    .map(([n, state]): Change => ({ kind: "host.changed", host: aHost(n, { state }) })),
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.nat(9)).map(
    ([n, lastAt]): Change => ({
      kind: "checkpoint-status.changed",
      organizationId: null,
      status: aCheckpointStatus(n, { lastAt }),
    }),
  ),
  fc.integer({ min: 1, max: 3 }).map((n): Change => ({ kind: "host.removed", hostId: aHost(n).id })),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.string())
    .map(([n, words]): Change => ({ kind: "incident.changed", incident: anIncident(n, { words }) })),
);

/** Numbered events, and the same ones with some repeated and all in another order. */
const anyDelivery = fc
  .array(anyChange, { minLength: 1, maxLength: 25 })
  .map((changes) => changes.map((change, index) => anEvent(11 + index, change)))
  .chain((events) =>
    fc.tuple(
      fc.constant(events),
      fc.array(fc.nat(events.length - 1), { maxLength: 25 }).chain((again) => {
        const all = [...events, ...again.flatMap((index) => events.slice(index, index + 1))];
        return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
      }),
    ),
  );

test("each event once and in order, or repeated and in any order, is the same cloud", () => {
  fc.assert(
    fc.property(anyDelivery, ([once, muddled]) => {
      expect(muddled.reduce(applyEvent, cloud())).toEqual(once.reduce(applyEvent, cloud()));
    }),
  );
});

test("a newer snapshot with the events since is the same cloud as the old one with all events", () => {
  fc.assert(
    fc.property(fc.array(anyChange, { minLength: 1, maxLength: 20 }), fc.nat(20), (changes, cut) => {
      const events = changes.map((change, index) => anEvent(11 + index, change));
      const all = events.reduce(applyEvent, cloud());
      const { newest: _, base: __, ...snapshot } = events.slice(0, cut).reduce(applyEvent, cloud());
      const { newest: ___, base: ____, ...resumed } = events.reduce(applyEvent, fromSnapshot(snapshot));
      expect(all).toMatchObject(resumed);
    }),
  );
});

test("VMs stand in the order of their names as people count, also when one comes or is called otherwise", () => {
  const named = (n: number, name: string) => aVm(n, { name });
  const before = fromSnapshot(aCloud({ seq: 10, vms: [named(1, "web-10"), named(2, "web-2")] }));
  const after = applyEvents(
    before,
    [
      anEvent(11, { kind: "vm.changed", vm: named(3, "db-1") }),
      anEvent(12, { kind: "vm.changed", vm: named(2, "web-20") }),
    ],
    12,
  );
  expect(before.vms.map((it) => it.name)).toEqual(["web-2", "web-10"]);
  expect(after.vms.map((it) => it.name)).toEqual(["db-1", "web-10", "web-20"]);
});
