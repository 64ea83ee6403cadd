import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { baseOf, type Lease, newLease, phaseOf, step } from "./lease.ts";

const leaseMs = 8_000;
const watchdogMs = 6_000;
const gone = (lease: Lease, now: number) => step(lease, { kind: "tick" }, now, watchdogMs)[0];
const granted = (
  at: number,
  peers: readonly string[] = ["a", "b", "c"],
  before = newLease(leaseMs, undefined),
): Lease => {
  const [asked] = step(before, { kind: "attended" }, at, watchdogMs);
  return step(asked, { kind: "granted", serial: asked.serial, leaseMs, peers }, at + 300, watchdogMs)[0];
};
const answered = (lease: Lease, peers: string, sentAt: number) =>
  [...peers].reduce((it, peer) => step(it, { kind: "answered", peer, sentAt }, sentAt + 20, watchdogMs)[0], lease);
const kinds = (lease: Lease, now: number) => step(lease, { kind: "tick" }, now, watchdogMs)[1].map(({ kind }) => kind);

describe("a lease", () => {
  test("is counted from the ask and not from its grant", () => expect(baseOf(granted(1_000))).toBe(1_000));

  test.each<[string, Lease, number, string]>([
    ["before the first grant nothing binds", newLease(leaseMs, undefined), 99_000, "free"],
    ["a grant without peers binds nothing", granted(0, []), 99_000, "free"],
    ["just granted", granted(0), 300, "held"],
    ["late, but not over", granted(0), 5_999, "held"],
    ["alone", granted(0), 6_000, "over"],
    ["one peer of three answers: still alone", answered(granted(0), "a", 5_000), 6_000, "over"],
    ["two of three answer: Belay is away", answered(granted(0), "ab", 5_000), 6_000, "kept"],
    ["they answered too long ago", answered(granted(0), "abc", 5_000), 11_000, "over"],
    ["half of two is enough", answered(granted(0, ["a", "b"]), "a", 5_000), 6_000, "kept"],
    ["half of four is enough", answered(granted(0, ["a", "b", "c", "d"]), "ad", 5_000), 6_000, "kept"],
    ["one of four is not", answered(granted(0, ["a", "b", "c", "d"]), "d", 5_000), 6_000, "over"],
    ["a stranger's answer does not count", answered(granted(0, ["a"]), "z", 5_000), 6_000, "over"],
    ["peers that answer again do not bring it back", answered(gone(granted(0), 6_000), "abc", 6_500), 6_600, "over"],
    ["only a grant does", granted(6_500, ["a"], gone(granted(0), 6_000)), 6_900, "held"],
    [
      "after a boot only a grant does, either",
      answered(newLease(1, { base: null, leaseMs, peers: ["a"] }), "a", 5),
      9,
      "over",
    ],
    ["remembered from a life before", newLease(1, { base: 0, leaseMs, peers: ["a"] }), 5_999, "held"],
    ["over before the helper began", newLease(1, { base: 0, leaseMs, peers: ["a"] }), 6_000, "over"],
  ])("%s", (_words, lease, now, phase) => expect(phaseOf(lease, now)).toBe(phase));

  test("asks four times in a lease, and sends echoes only when a grant is overdue", () => {
    const lease = granted(0);
    expect(kinds(lease, 1_999)).toEqual(["feed"]);
    expect(kinds(lease, 2_000)).toEqual(["ask", "feed"]);
    expect(kinds(lease, 2_501)).toEqual(["ask", "ping"]);
  });

  test("stops the guests at three quarters of it, again and again", () => {
    expect(kinds(granted(0), 5_999)).not.toContain("stop-guests");
    expect(kinds(granted(0), 6_000)).toContain("stop-guests");
    expect(kinds(step(granted(0), { kind: "tick" }, 6_000, null)[0], 6_500)).toContain("stop-guests");
  });

  test.each<[string, Lease, number, boolean]>([
    ["while it would still bite in time", granted(0), 2_000, true],
    ["no longer, though the lease is held", granted(0), 2_001, false],
    ["while peers answer", answered(granted(0), "ab", 5_000), 7_000, true],
    ["once no guest runs", step(granted(0), { kind: "empty", lookedAt: 6_100 }, 6_200, null)[0], 6_300, true],
    [
      "a look from before the end says nothing",
      step(granted(0), { kind: "empty", lookedAt: 5_900 }, 6_200, null)[0],
      6_300,
      false,
    ],
    ["an old look says nothing", step(granted(0), { kind: "empty", lookedAt: 6_100 }, 6_200, null)[0], 7_700, false],
  ])("the watchdog is fed %s: %#", (_words, lease, now, fed) => expect(kinds(lease, now).includes("feed")).toBe(fed));

  test("without a watchdog nothing binds: it would prove nothing, and stop guests for nothing", () => {
    const [asked] = step(newLease(leaseMs, undefined), { kind: "attended" }, 0, null);
    const [lease] = step(asked, { kind: "granted", serial: 1, leaseMs, peers: ["a"] }, 10, null);
    expect(phaseOf(lease, 99_000)).toBe("free");
  });

  test("a grant for what was never asked, or asked before the newest grant, changes nothing", () => {
    const lease = granted(5_000);
    expect(step(lease, { kind: "granted", serial: 99, leaseMs, peers: [] }, 6_000, null)[0]).toBe(lease);
    expect(step(lease, { kind: "granted", serial: lease.serial, leaseMs, peers: [] }, 6_000, null)[0]).toBe(lease);
  });
});

/**
 * A host, its helper, Belay and three peers, on one time line. Belay counts as it does in truth: from the moment at which it granted,
 * and anew whenever most peers could reach the host; nothing else of the helper does it know.
 */
const marginMs = 2_000;
const stretch = fc.record({
  lastsMs: fc.integer({ min: 50, max: 7_000 }),
  /** The way to Belay, and how long it takes there and back. */
  belay: fc.constantFrom("up", "deaf", "lost", "down"),
  delayMs: fc.integer({ min: 0, max: 1_500 }),
  peersUp: fc.integer({ min: 0, max: 3 }),
  helper: fc.constantFrom("runs", "runs", "runs", "frozen", "restarts"),
  unkillable: fc.boolean(),
});
type Stretch = typeof stretch extends fc.Arbitrary<infer T> ? T : never;

function play(schedule: readonly Stretch[]): string | undefined {
  const tickMs = 50;
  const peers = ["a", "b", "c"];
  let lease = newLease(leaseMs, undefined);
  let now = 0;
  let belayFrom: number | undefined;
  let fedAt: number | undefined;
  let guests = true;
  let armed = false;
  let inbox: { at: number; event: Parameters<typeof step>[1] }[] = [];
  let toBelay: { at: number; serial: number; granting: boolean; back: boolean; delayMs: number }[] = [];
  let killing: number | undefined;
  for (const part of schedule) {
    if (part.helper === "restarts" && lease.peers.length > 0)
      lease = newLease(leaseMs, { base: lease.lostAt === null ? baseOf(lease) : null, leaseMs, peers: lease.peers });
    for (const until = now + part.lastsMs; now < until; now += tickMs) {
      for (const it of toBelay.filter(({ at }) => at <= now)) {
        if (!it.granting) continue;
        belayFrom = Math.max(belayFrom ?? 0, now);
        const event = { kind: "granted", serial: it.serial, leaseMs, peers } as const;
        if (it.back) inbox.push({ at: now + it.delayMs, event });
      }
      toBelay = toBelay.filter(({ at }) => at > now);
      if (part.peersUp >= 2 && belayFrom !== undefined) belayFrom = Math.max(belayFrom, now);
      if (killing !== undefined && killing <= now && !part.unkillable) guests = false;

      if (part.helper !== "frozen") {
        const due = inbox.filter(({ at }) => at <= now).map(({ event }) => event);
        inbox = inbox.filter(({ at }) => at > now);
        if (killing !== undefined && killing <= now && !guests) due.push({ kind: "empty", lookedAt: killing });
        if (killing !== undefined && killing <= now) killing = undefined;
        for (const event of [...due, { kind: "tick" } as const]) {
          const [next, commands] = step(lease, event, now, watchdogMs);
          lease = next;
          for (const command of commands) {
            if (command.kind === "feed") fedAt = now;
            if (command.kind === "stop-guests") killing ??= now + 200;
            if (command.kind === "ask" && part.belay !== "down")
              toBelay.push({
                ...{ at: now + part.delayMs, serial: command.serial, delayMs: part.delayMs },
                ...{ granting: part.belay !== "deaf", back: part.belay === "up" },
              });
            if (command.kind === "ping")
              for (const peer of peers.slice(0, part.peersUp))
                inbox.push({ at: now + 40, event: { kind: "answered", peer, sentAt: now } });
          }
        }
      }
      if (fedAt !== undefined && now > fedAt + watchdogMs) {
        // The board resets the host. Its helper begins anew, and knows that it was bound.
        guests = false;
        fedAt = undefined;
        lease = newLease(leaseMs, { base: null, leaseMs, peers });
        [inbox, toBelay, killing] = [[], [], undefined];
      }
      armed ||= fedAt !== undefined; // before that it reported that nothing is armed, and Belay would count nothing
      const proven = armed && belayFrom !== undefined && now >= belayFrom + leaseMs + marginMs;
      if (proven && guests) return `at ${now} guests run, and Belay holds that they are dead since ${belayFrom}`;
      if (!guests && ["held", "kept"].includes(phaseOf(lease, now))) guests = true; // somebody starts them again
    }
  }
  return undefined;
}

test("whatever happens to Belay, peers, helper and guests: no guest runs when Belay holds the host for stopped", () => {
  const schedule = fc.array(stretch, { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(schedule, (it) => {
      expect(play(it)).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

test("while most peers answer, guests outlive Belay", () => {
  const away: Stretch = { lastsMs: 60_000, belay: "down", delayMs: 0, peersUp: 2, helper: "runs", unkillable: false };
  let lease = granted(0);
  for (let now = 0; now < away.lastsMs; now += 250) {
    const [next, commands] = step(lease, { kind: "tick" }, now, watchdogMs);
    expect(commands).not.toContainEqual({ kind: "stop-guests" });
    lease = commands.some(({ kind }) => kind === "ping") ? answered(next, "bc", now) : next;
  }
  expect(phaseOf(lease, away.lastsMs)).toBe("kept");
});
