import { describe, expect, test } from "vitest";
import { defaultPolicy, type FenceDevice, type HelperReport, idSource } from "../../model/index.ts";
import { leaseIsOver, leaseProves, type Unreached, unreachedAfter } from "./lease.ts";
import { protectionOf } from "./protection.ts";
import { stormOf } from "./storm.ts";

let made = 0;
const ids = idSource(
  () => made++,
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
  const peers = [ids.next("hst"), ids.next("hst"), ids.next("hst"), ids.next("hst")];
  /** Rounds each second from 1 s, one word each with a letter for each peer: n not reached, y reached, - could not be asked. "." is no round. */
  const afterRounds = (said: string): Unreached =>
    said.split(" ").reduce<Unreached>((rows, word, i) => {
      if (word === "." || word === "") return rows;
      const answers = [...word].flatMap((it, at) => {
        const peer = peers[at];
        return peer === undefined ? [] : [{ peer, name: "peer", reached: it === "-" ? undefined : it === "y" }];
      });
      return unreachedAfter(rows, { askedAt: (i + 1) * 1_000, endedAt: (i + 1) * 1_000 + 500, answers });
    }, new Map());
  const often = (word: string, times: number) => Array.from({ length: times }, () => word).join(" ");

  const table: [string, string, number, number, boolean][] = [
    ["nobody was asked", "", 0, 60_000, false],
    ["alone for too short", often("n", 10), 0, 11_400, false],
    ["alone for the lease and the margin", often("n", 10), 0, 11_500, true],
    ["it was granted once more", often("n", 11), 3_000, 12_000, false],
    ["that lease is over too", often("n", 12), 3_000, 13_000, true],
    ["a peer reached it in the middle", `${often("n", 5)} y ${often("n", 6)}`, 0, 13_000, false],
    ["and then nobody for the whole time", `${often("n", 5)} y ${often("n", 10)}`, 0, 17_500, true],
    ["the peer could not be asked once", `${often("n", 5)} - ${often("n", 6)}`, 0, 13_000, true],
    ["nor for a while", `${often("n", 5)} - - - ${often("n", 6)}`, 0, 15_000, false],
    ["nobody was asked for a while", `${often("n", 5)} . . . ${often("n", 3)}`, 0, 13_000, false],
    ["the newest answer is old", often("n", 10), 0, 20_000, false],
    ["one of two could not be asked", often("n-", 12), 0, 13_000, false],
    ["both do not reach it", often("nn", 12), 0, 13_000, true],
    ["two of three do not", often("nn-", 12), 0, 13_000, true],
    ["two of four do not", often("nn--", 12), 0, 13_000, false],
    ["others in turn", "nyy yny yyn nyy yny yyn nyy yny yyn nyy yny yyn", 0, 13_000, false],
  ];
  test.each(table)("%s", (_, said, lastGrantAt, now, over) => {
    const told = [peers.slice(0, Math.max(1, said.split(" ")[0]?.length ?? 0))];
    expect(leaseIsOver({ helper, policy, lastGrantAt, told, unreached: afterRounds(said) }, now)).toBe(over);
  });

  test("counts by each list of peers that the helper may go by, and by none that is not known", () => {
    const [a, b, c] = peers;
    const is = (told: (typeof peers)[number][][]) =>
      leaseIsOver({ helper, policy, lastGrantAt: 0, told, unreached: afterRounds(often("nn", 12)) }, 13_000);
    if (a === undefined || b === undefined || c === undefined) throw new Error("unreachable");
    expect(is([[a], [a, b]])).toBe(true);
    expect(is([[a, b], [c]])).toBe(false);
    expect(is([])).toBe(false);
    expect(is([[]])).toBe(false);
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
