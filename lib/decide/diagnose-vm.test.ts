import { describe, expect, test } from "vitest";
import { vmStateReasons } from "../model/index.ts";
import { diagnoseVm, patience, type VmLook } from "./diagnose-vm.ts";

const look = (over: Partial<VmLook>): VmLook => ({
  wanted: "running",
  sight: { state: "running", reason: "none" },
  said: [],
  known: false,
  since: 0,
  now: 1_000_000,
  ...over,
});

/** state, reason, what events said → verdict kind, cause, certainty */
const cases = [
  ["running", "none", [], "well"],
  ["stopped", "crashed", ["stopped failed"], "failed", "qemu-died", "certain"],
  ["stopped", "failed", ["stopped failed"], "failed", "qemu-died", "certain"],
  ["stopped", "crashed", [], "failed", "qemu-died", "likely"],
  ["stopped", "crashed", ["crashed panicked", "stopped crashed"], "failed", "guest-panic", "certain"],
  ["stopped", "shutdown", [], "failed", "powered-off", "certain"],
  ["stopped", "unknown", [], "failed", "not-running", "likely"],
  ["stopped", "unknown", ["stopped destroyed"], "intended"],
  ["stopped", "daemon", [], "failed", "not-running", "likely"],
  ["stopped", "destroyed", [], "intended"],
  ["stopped", "saved", [], "intended"],
  ["stopped", "migrated", [], "intended"],
  ["crashed", "panicked", [], "failed", "guest-panic", "certain"],
  ["paused", "crashed", [], "failed", "guest-panic", "certain"],
  ["paused", "io-error", [], "failed", "paused-io-error", "certain"],
  ["paused", "watchdog", [], "failed", "paused-watchdog", "certain"],
  ["paused", "user", [], "failed", "paused", "likely"],
  ["paused", "unknown", [], "failed", "paused", "likely"],
  ["paused", "migration", [], "failed", "paused", "unsure"],
  ["paused", "postcopy-failed", [], "failed", "paused", "unsure"],
  ["suspended", "none", [], "failed", "suspended", "certain"],
  ["stopping", "none", [], "failed", "not-running", "unsure"],
  ["unknown", "none", [], "wait"],
] as const;

describe("a VM that should run", () => {
  test.each(cases)("%s (%s) %j → %s %s %s", (state, reason, said, kind, cause?: string, certainty?: string) => {
    const verdict = diagnoseVm(look({ sight: { state, reason }, said }));
    expect(verdict).toMatchObject({ kind, ...(cause === undefined ? {} : { cause, certainty }) });
  });

  test("a transient domain that died by its process is not taken for one that was moved", () => {
    expect(diagnoseVm(look({ sight: undefined, said: ["stopped failed"] }))).toMatchObject({ cause: "qemu-died" });
    expect(diagnoseVm(look({ sight: undefined, said: [] }))).toMatchObject({ cause: "vanished", certainty: "unsure" });
  });

  test("a full disk is said", () => {
    const verdict = diagnoseVm(look({ sight: { state: "paused", reason: "io-error" }, said: ["io error no space"] }));
    expect(verdict).toMatchObject({ words: expect.stringContaining("no space") });
  });
});

describe("patience", () => {
  const waits = [
    ["paused", "user", patience.pausedMs],
    ["paused", "save", patience.operationMs],
    ["suspended", "none", patience.suspendedMs],
    ["stopping", "none", patience.stoppingMs],
  ] as const;
  test.each(waits)("%s (%s) is a failure after %i ms and not before", (state, reason, ms) => {
    const at = (now: number) => diagnoseVm(look({ sight: { state, reason }, since: 5_000, now }));
    expect(at(5_000 + ms - 1)).toEqual({ kind: "wait", until: 5_000 + ms });
    expect(at(5_000 + ms).kind).toBe("failed");
  });
});

describe("a VM that a person switched off on its host", () => {
  const off = { state: "stopped", reason: "destroyed" } as const;
  test("is wanted off while that is news", () => expect(diagnoseVm(look({ sight: off })).kind).toBe("intended"));
  test("is to be started when its owner asked for it after that", () => {
    expect(diagnoseVm(look({ sight: off, known: true }))).toMatchObject({ kind: "failed", cause: "not-running" });
  });
  test("is never started here once it was moved away", () => {
    expect(diagnoseVm(look({ sight: { state: "stopped", reason: "migrated" }, known: true })).kind).toBe("intended");
  });
});

test("a VM that its owner stopped is well in every state", () => {
  for (const reason of vmStateReasons) {
    expect(diagnoseVm(look({ wanted: "stopped", sight: { state: "stopped", reason } })).kind).toBe("well");
  }
  expect(diagnoseVm(look({ wanted: "stopped", sight: undefined })).kind).toBe("well");
});
