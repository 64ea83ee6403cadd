import { describe, expect, test } from "vitest";
import { eventWords, translateState } from "./translate.ts";

const cases = [
  ["running", "booted", "running", "none"],
  ["blocked", "unknown", "running", "none"],
  ["paused", "ioerror", "paused", "io-error"],
  ["paused", "user", "paused", "user"],
  ["paused", "starting_up", "paused", "starting-up"],
  ["shutdown", "user", "stopping", "none"],
  ["shutoff", "crashed", "stopped", "crashed"],
  ["shutoff", "failed", "stopped", "failed"],
  ["shutoff", "destroyed", "stopped", "destroyed"],
  ["shutoff", "unknown", "stopped", "unknown"],
  ["crashed", "panicked", "crashed", "panicked"],
  ["pmsuspended", "unknown", "suspended", "none"],
  ["nostate", "unknown", "unknown", "unknown"],
  ["unknown(12)", "unknown(3)", "unknown", "unknown"],
] as const;

describe("libvirt's state in our words", () => {
  test.each(cases)("%s (%s) → %s (%s)", (libvirtState, libvirtReason, state, reason) => {
    expect(translateState(libvirtState, libvirtReason)).toEqual({ state, reason });
  });
});

test("events read as words", () => {
  expect(eventWords.lifecycle("stopped", "failed")).toBe("stopped failed");
  expect(eventWords.lifecycle("stopped", "from_snapshot")).toBe("stopped from snapshot");
  expect(eventWords.ioError("enospc")).toBe("io error no space");
  expect(eventWords.ioError("")).toBe("io error");
});
