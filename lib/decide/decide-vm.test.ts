import { describe, expect, test } from "vitest";
import { decideVm, type VmQuestion } from "./decide-vm.ts";
import { patience } from "./diagnose-vm.ts";

const question = (over: Partial<VmQuestion>): VmQuestion => ({
  vm: { wanted: "running", state: "running", reason: "none" },
  sight: { state: "running", reason: "none" },
  said: [],
  heardAt: undefined,
  memory: undefined,
  ...over,
});

describe("the time of the failure", () => {
  test("is the event's when one came", () => {
    const decision = decideVm(question({ sight: { state: "stopped", reason: "crashed" }, heardAt: 900 }), 1_000);
    expect(decision).toMatchObject({ tp: 900, tpSource: "event" });
  });

  test("is that of the first look that saw it when a scan found it", () => {
    const paused = { state: "paused", reason: "user" } as const;
    const first = decideVm(question({ sight: paused }), 1_000);
    const later = decideVm(question({ sight: paused, memory: first.memory }), 1_000 + patience.pausedMs);
    expect(first.verdict.kind).toBe("wait");
    expect(later).toMatchObject({ verdict: { kind: "failed" }, tp: 1_000, tpSource: "scan" });
  });
});

test("patience begins anew when the state changes in between", () => {
  const first = decideVm(question({ sight: { state: "paused", reason: "user" } }), 0);
  const second = decideVm(question({ memory: first.memory }), 2_000);
  const third = decideVm(question({ sight: { state: "paused", reason: "user" }, memory: second.memory }), 3_500);
  expect(third.verdict).toEqual({ kind: "wait", until: 3_500 + patience.pausedMs });
});

describe("wishes", () => {
  test("a VM switched off on its host by hand is wanted off from then on", () => {
    expect(decideVm(question({ sight: { state: "stopped", reason: "destroyed" } }), 0).wish).toMatchObject({
      wanted: "stopped",
    });
  });

  test("a VM that was off and is started by hand is wanted on from then on", () => {
    const decision = decideVm(question({ vm: { wanted: "stopped", state: "stopped", reason: "destroyed" } }), 0);
    expect(decision.wish).toMatchObject({ wanted: "running" });
  });

  test("it is so too when it is first seen while it is being started", () => {
    const sight = { state: "paused", reason: "starting-up" } as const;
    const vm = { wanted: "stopped", state: "stopped", reason: "destroyed" } as const;
    expect(decideVm(question({ vm, sight }), 0)).toMatchObject({
      wish: { wanted: "running" },
      verdict: { kind: "wait" },
    });
  });

  test("a VM whose owner wants it off while it still runs stays unwanted", () => {
    expect(decideVm(question({ vm: { wanted: "stopped", state: "running", reason: "none" } }), 0).wish).toBeUndefined();
  });
});
