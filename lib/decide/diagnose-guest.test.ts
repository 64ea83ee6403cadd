import { describe, expect, test } from "vitest";
import { diagnoseGuest, type GuestSigns, guestPatience } from "./diagnose-guest.ts";

const answeredAt = 100_000;
const at = answeredAt + 5_000;
const counted = { at, cpuTimeMs: 1_000, blockRequests: 10, netPackets: 10 };
const windowMs = guestPatience.windowMs;

/** Silent for long; over the window it did this. */
const signs = (
  did: { cpuMs: number; blocks?: number; packets?: number },
  over: Partial<GuestSigns> = {},
): GuestSigns => ({
  answeredAt,
  misses: 9,
  agentAnswers: false,
  first: counted,
  last: {
    at: at + windowMs,
    cpuTimeMs: 1_000 + did.cpuMs,
    blockRequests: 10 + (did.blocks ?? 0),
    netPackets: 10 + (did.packets ?? 0),
  },
  ...over,
});
const late = answeredAt + guestPatience.unreachableMs;

describe("a guest that is silent", () => {
  test.each([
    ["does nothing at all", { cpuMs: 0 }, "hung", "certain"],
    ["lets QEMU keep house", { cpuMs: 20 }, "hung", "certain"],
    ["gets packets and does nothing", { cpuMs: 0, packets: 9 }, "hung", "certain"],
    ["spins", { cpuMs: windowMs }, "hung", "likely"],
    ["spins on two CPUs", { cpuMs: 2 * windowMs }, "hung", "likely"],
    ["computes hard and uses its disk", { cpuMs: windowMs, blocks: 1 }, "unreachable", "likely"],
    ["computes hard and sends", { cpuMs: windowMs, packets: 1 }, "unreachable", "likely"],
    ["idles", { cpuMs: 100 }, "unreachable", "likely"],
    ["reads its disk and does little else", { cpuMs: 0, blocks: 3 }, "unreachable", "likely"],
  ] as const)("and %s (%j) is %s", (_, did, cause, certainty) => {
    expect(diagnoseGuest(signs(did), late)).toMatchObject({ kind: "failed", cause, certainty });
  });

  test("and works may be starting anew: it gets longer than one that hangs", () => {
    expect(diagnoseGuest(signs({ cpuMs: 100 }), late - 1)).toEqual({ kind: "wait", until: late });
    expect(diagnoseGuest(signs({ cpuMs: 0 }), at + windowMs)).toMatchObject({ cause: "hung" });
  });

  test("and whose agent answers has no network", () => {
    expect(diagnoseGuest(signs({ cpuMs: 0 }, { agentAnswers: true }), late)).toMatchObject({ cause: "unreachable" });
  });
});

describe("nothing is said", () => {
  const waits: [string, Partial<GuestSigns>, number][] = [
    ["before it was silent for long", {}, answeredAt + guestPatience.silentMs - 1],
    ["before it was asked often", { misses: guestPatience.misses - 1 }, late],
    ["before its counters were read", { first: undefined, last: undefined }, late],
    ["before they were watched for seconds", { last: { ...counted, at: at + windowMs - 1 } }, late],
  ];
  test.each(waits)("%s", (_, over, now) => {
    const verdict = diagnoseGuest(signs({ cpuMs: 0 }, over), now);
    expect(verdict.kind === "wait" && verdict.until > now).toBe(true);
  });
  test("of a guest that answers", () => {
    expect(diagnoseGuest(signs({ cpuMs: 0 }, { misses: 0 }), late)).toEqual({ kind: "well" });
  });
});
