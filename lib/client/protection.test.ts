import { describe, expect, test } from "vitest";
import { repairId } from "../contract/index.ts";
import { planRepair } from "../decide/index.ts";
import { consentLadder, defaultAgreement, protectionModeNames, restartLimit } from "../model/index.ts";
import { type ProtectionQuestion, protectionOf, protectionOfHost } from "./protection.ts";
import { aHost, anIncident, aVm } from "./testing/things.ts";

const now = 1_790_000_000_000;
const question = (more: Partial<ProtectionQuestion> = {}): ProtectionQuestion => ({
  vm: aVm(1),
  application: { mode: "provider", agreement: defaultAgreement },
  together: { manager: undefined, sensors: undefined, hasImage: false },
  host: aHost(1),
  incidents: [],
  ...more,
});

/** `count` ended incidents, each with one repair planned `agoMs` ago. */
const repaired = (count: number, agoMs: number) =>
  Array.from({ length: count }, (_, n) => {
    const incident = anIncident(n + 1, { state: "repaired", endedAt: now });
    return {
      ...incident,
      repairs: [
        {
          id: repairId.parse(`rep_${String(n).padStart(20, "0")}`),
          incidentId: incident.id,
          vmId: incident.vmId,
          technique: "revive-vm" as const,
          state: "succeeded" as const,
          plannedAt: now - agoMs,
          finishedAt: now,
          words: "",
          steps: [],
        },
      ],
    };
  });

test.each<[string, Partial<ProtectionQuestion>, boolean, RegExp]>([
  ["runs and may be restarted", {}, true, /started again/],
  ["belongs to no application", { application: undefined }, true, /started again/],
  ["is a customer's, who see no hosts", { host: undefined }, true, /started again/],
  [
    "is a customer's, on a host in maintenance",
    { vm: aVm(1, { onHold: "Its host is in maintenance." }), host: undefined },
    false,
    /in maintenance/,
  ],
  ["is being repaired", { vm: aVm(1, { state: "stopped" }), incidents: [anIncident(1)] }, true, /being brought back/],
  ["is wanted stopped", { vm: aVm(1, { wanted: "stopped", state: "stopped" }) }, false, /owner wishes/],
  ["has its protection off", { application: { mode: "none", agreement: defaultAgreement } }, false, /off/],
  ["may only be told of", { vm: aVm(1, { consent: "notify" }) }, false, /told/],
  ["is on a silent host", { host: aHost(1, { state: "silent" }) }, false, /does not hear/],
  ["is on a host in maintenance", { host: aHost(1, { standing: "maintenance" }) }, false, /maintenance/],
  [
    "was lost with its host, and waits for proof that the host is off",
    {
      vm: aVm(1, { state: "unknown", consent: "relocate" }),
      incidents: [anIncident(1, { cause: "host-lost", state: "open" })],
    },
    true,
    /as soon as that is safe/,
  ],
  [
    "was lost with its host, and is being started elsewhere",
    { vm: aVm(1, { state: "unknown", consent: "relocate" }), incidents: [anIncident(1, { cause: "host-lost" })] },
    true,
    /being brought back elsewhere/,
  ],
  [
    "was lost with its host, and may not be moved",
    { vm: aVm(1, { state: "unknown" }), incidents: [anIncident(1, { cause: "host-lost" })] },
    false,
    /comes back with its host/,
  ],
  ["is not heard of", { vm: aVm(1, { state: "unknown" }), host: undefined }, false, /does not hear/],
  ["was handed over", { incidents: [anIncident(1, { state: "handed-over" })] }, false, /Handed over/],
  ["failed again and again", { incidents: repaired(restartLimit.repairs, 1_000) }, false, /one more is not tried/],
  [
    "was broken on purpose again and again",
    { incidents: repaired(9, 1_000).map((it) => ({ ...it, tpSource: "injected" })) },
    true,
    /started again/,
  ],
  ["failed often, but long ago", { incidents: repaired(9, restartLimit.withinMs) }, true, /started again/],
])("a VM that %s", (_, more, isProtected, words) => {
  const answer = protectionOf(question(more), now);
  expect(answer.isProtected).toBe(isProtected);
  expect(answer.words).toMatch(words);
});

describe("what the planner would refuse is never shown as protected", () => {
  const combinations = protectionModeNames.flatMap((mode) =>
    consentLadder.flatMap((consent) =>
      [0, restartLimit.repairs - 1, restartLimit.repairs].map((recentRepairs) => ({ mode, consent, recentRepairs })),
    ),
  );
  test.each(combinations)(
    "mode $mode, consent $consent, $recentRepairs repairs",
    ({ mode, consent, recentRepairs }) => {
      const plan = planRepair({
        cause: "qemu-died",
        certainty: "certain",
        mode,
        consent,
        recentRepairs,
        definitionKnown: true,
        rollbackIntolerant: false,
        failedAt: 0,
        now,
        hooks: [],
        elsewhere: undefined,
        saved: undefined,
      });
      const shown = protectionOf(
        question({
          vm: aVm(1, { consent }),
          application: { mode, agreement: defaultAgreement },
          incidents: repaired(recentRepairs, 1_000),
        }),
        now,
      );
      expect(shown.isProtected).toBe("technique" in plan);
    },
  );
});

const safe = aHost(1, { protection: { ok: true, words: "Its power switch was tested." } });
const movable = aVm(1, { consent: "relocate" });
test.each<[string, Partial<ProtectionQuestion>, RegExp | undefined]>([
  ["may be moved, fits elsewhere, and its host could be proven off", { vm: movable, host: safe }, undefined],
  ["may not be moved", { host: safe }, /does not allow a start on another host/],
  ["is on a host that could not be proven off", { vm: movable }, /could not be proven off/],
  ["fits nowhere else", { vm: movable, host: safe, misfit: "No host has the memory." }, /No host has the memory/],
  ["would come back, as its owner was told", { vm: { ...movable, hostLoss: null }, host: undefined }, undefined],
  ["would not, as its owner was told", { vm: { ...movable, hostLoss: "No room." }, host: undefined }, /No room/],
  ["was not in the owner's cloud yet", { vm: movable, host: undefined }, /not known yet/],
])("what the death of its host means for a VM that %s", (_, more, words) => {
  const { hostLoss } = protectionOf(question(more), now);
  if (words === undefined) expect(hostLoss).toBeUndefined();
  else expect(hostLoss).toMatch(words);
});

test("a host's own protection does not say twice that it is protected", () => {
  expect(protectionOfHost(aHost(1)).words).toBe("It has no tested fence device and no helper.");
});

test.each(["fencing", "fenced", "returning"] as const)(
  "a host that is %s is not told to be protected by its switch",
  (standing) => {
    const told = protectionOfHost(
      aHost(1, { standing, protection: { ok: true, words: "Protected: its power switch answers." } }),
    );
    expect(told.isProtected).toBe(false);
    expect(told.label).toBeDefined();
    expect(told.words).not.toContain("switch");
  },
);
