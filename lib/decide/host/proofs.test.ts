import { describe, expect, test } from "vitest";
import { defaultPolicy, type FenceDevice, type HelperReport, idSource } from "../../model/index.ts";
import { type Alone, aloneAfter, leaseIsOver, leaseProves } from "./lease.ts";
import { protectionOf } from "./protection.ts";
import type { PeerRound } from "./quorum.ts";
import { stormOf } from "./storm.ts";

const ids = idSource(
  () => 0,
  () => 0.5,
);
const policy = defaultPolicy; // a lease of 8 s, and a margin of 2 s
const helper: HelperReport = {
  ...{ version: "1", connected: true, leaseMs: 8_000, watchdog: "hardware", watchdogMs: 6_000, reportedAt: 0 },
};

describe("a storm", () => {
  const table: [number, number, number, string][] = [
    [1, 0, 1, "go"],
    [1, 0, 3, "go"],
    [2, 0, 3, "hold"],
    [2, 0, 6, "hold"],
    [2, 0, 7, "go"],
    [3, 0, 10, "go"],
    [4, 0, 10, "hold"],
    [1, 1, 4, "wait"],
    [40, 0, 2_500, "go"],
    [800, 0, 2_500, "hold"],
  ];
  test.each(table)("%i lost and %i suspects of %i: %s", (lost, suspects, enrolled, kind) => {
    expect(stormOf({ lost, suspects, enrolled, policy }).kind).toBe(kind);
  });
});

describe("the end of a lease", () => {
  const round = (at: number, reached: boolean | undefined): PeerRound => ({
    ...{ askedAt: at, endedAt: at + 500 },
    answers: [{ peer: ids.next("hst"), name: "peer", reached }],
  });
  /** Rounds each second from 1 s, one letter each: n not reached, y reached, - no answer, space not asked. */
  const after = (said: string): Alone | undefined =>
    [...said].reduce<Alone | undefined>((alone, it, i) => {
      if (it === " ") return alone;
      return aloneAfter(alone, round((i + 1) * 1_000, it === "-" ? undefined : it === "y"));
    }, undefined);

  const table: [string, string, number, number, boolean][] = [
    ["nobody was asked", "", 0, 60_000, false],
    ["alone for too short", "nnnnnnnnn", 0, 10_000, false],
    ["alone for the lease and the margin", "nnnnnnnnnn", 0, 11_000, true],
    ["it was granted once more", "nnnnnnnnnnn", 3_000, 12_000, false],
    ["that lease is over too", "nnnnnnnnnnnn", 3_000, 13_000, true],
    ["a peer reached it in the middle", "nnnnnynnnnnn", 0, 13_000, false],
    ["and then nobody for the whole time", "nnnnnynnnnnnnnnn", 0, 17_000, true],
    ["the peers could not be asked", "nnnnn-nnnnnn", 0, 13_000, false],
    ["nobody was asked for a while", "nnnnn    nnn", 0, 13_000, false],
    ["the newest answer is old", "nnnnnnnnnn", 0, 20_000, false],
  ];
  test.each(table)("%s", (_, said, lastGrantAt, now, over) => {
    expect(leaseIsOver({ helper, policy, lastGrantAt, alone: after(said) }, now)).toBe(over);
  });

  test("proves something only where something stops the host without its helper", () => {
    expect(leaseProves(helper, policy)).toBe(true);
    expect(leaseProves(null, policy)).toBe(false);
    expect(leaseProves({ ...helper, connected: false }, policy)).toBe(false);
    expect(leaseProves({ ...helper, watchdog: "none", watchdogMs: null }, policy)).toBe(false);
    expect(leaseProves({ ...helper, watchdogMs: 60_000 }, policy)).toBe(false);
  });
});

describe("protection", () => {
  const now = 10_000_000;
  const device = (over: Partial<FenceDevice>): FenceDevice => ({
    ...{ id: ids.next("fnc"), hostId: ids.next("hst"), position: 1, agent: "fence_ipmilan", options: {} },
    ...{ timeoutMs: 5_000, testedAt: now - 1_000, ok: true, words: "It answers: the power is on." },
    ...over,
  });
  const table: [string, HelperReport | null, FenceDevice[], boolean, RegExp][] = [
    ["nothing", null, [], false, /no tested fence device and no helper/],
    ["a tested switch", null, [device({})], true, /fence_ipmilan\) answers\./],
    ["an untested one", null, [device({ testedAt: null, ok: false })], false, /not tested yet/],
    ["one that failed", null, [device({ ok: false, words: "No route." })], false, /failed its test. No route\./],
    ["one tested long ago", null, [device({ testedAt: 0 })], false, /not tested lately/],
    ["the second one answers", null, [device({ ok: false }), device({ position: 2, agent: "fence_apc" })], true, /apc/],
    ["a helper with a watchdog", helper, [], true, /lease/],
    ["a helper without one", { ...helper, watchdog: "none", watchdogMs: null }, [], false, /no watchdog/],
    ["a helper that is away", { ...helper, connected: false }, [], false, /not connected/],
  ];
  test.each(table)("%s", (_, report, devices, ok, words) => {
    expect(protectionOf({ helper: report }, devices, policy, now)).toEqual({ ok, words: expect.stringMatching(words) });
  });
});
