import fc from "fast-check";
import { expect, test } from "vitest";
import { leaseIsOver, type Unreached, unreachedAfter } from "../decide/index.ts";
import { defaultPolicy, type HelperReport, type HostId, idSource } from "../model/index.ts";
import { type Lease, newLease, phaseOf, step } from "./lease.ts";

/**
 * The two sides of the lease together, each by its own functions: the helper's guests are dead before Belay says that the lease is over, whatever
 * the ways between the host, its peers and Belay do. A way that opens stays open for long enough to be seen: Belay asks again and again, not always.
 */
let made = 0;
const ids = idSource(
  () => made++,
  () => 0.5,
);
const hosts = Array.from({ length: 7 }, () => ids.next("hst"));
const policy = defaultPolicy;
const { leaseMs } = policy;
const watchdogMs = 6_000;
const helper: HelperReport = {
  ...{ version: "1", connected: true, leaseMs, watchdog: "hardware", watchdogMs, reportedAt: 0 },
};
const tickMs = 50;
const pingMs = 40;
const killMs = 200;
const askMs = 700;
/** The host's clock may be slower than ours by so much. */
const drift = 0.99;

const stretch = fc.record({
  lastsMs: fc.integer({ min: 4_500, max: 14_000 }),
  belay: fc.constantFrom("up", "grants are lost", "down"),
  /** By peer: what happens on the way between it and the host. */
  reach: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  /** By peer: whether Belay can ask it. */
  asked: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
  /** Who is told with the next grant. */
  told: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
  restarts: fc.boolean(),
});
type Stretch = typeof stretch extends fc.Arbitrary<infer T> ? T : never;

function play(schedule: readonly Stretch[], seen: { proofs: number }): string | undefined {
  let lease: Lease = newLease(leaseMs, undefined);
  let told: (readonly HostId[])[] = [];
  let unreached: Unreached = new Map();
  let lastGrantAt = 0;
  let guests = true;
  let bound = false;
  let killing: number | undefined;
  let inbox: { at: number; event: Parameters<typeof step>[1] }[] = [];
  let nextRound = 0;
  let now = 0;
  for (const part of schedule) {
    const peers = part.told.flatMap((at) => hosts[at] ?? []);
    if (part.restarts) lastGrantAt = now; // Belay forgot all but what it wrote
    if (part.restarts) unreached = new Map();
    for (const until = now + part.lastsMs; now < until; now += tickMs) {
      const own = now * drift;
      if (killing !== undefined && now >= killing) [guests, killing] = [false, undefined];
      const due = inbox.filter(({ at }) => at <= now).map(({ event }) => event);
      inbox = inbox.filter(({ at }) => at > now);
      for (const event of [...due, { kind: "tick" } as const]) {
        const [next, commands] = step(lease, event, own, watchdogMs);
        lease = next;
        for (const command of commands) {
          if (command.kind === "stop-guests") killing ??= now + killMs;
          if (command.kind === "ping")
            for (const peer of command.peers)
              if (hosts.some((it, at) => it === peer && part.reach[at]))
                inbox.push({ at: now + pingMs, event: { kind: "answered", peer, sentAt: own } });
          if (command.kind !== "ask" || part.belay === "down") continue;
          const held = told.findIndex((it) => it.join() === command.peers.join());
          if (held > 0 && part.belay === "up") told = told.slice(held);
          if (told.at(-1)?.join() !== peers.join()) told = [...told, peers];
          lastGrantAt = now;
          if (part.belay === "grants are lost") continue;
          bound = true;
          inbox.push({ at: now + pingMs, event: { kind: "granted", serial: command.serial, leaseMs, peers } });
        }
      }
      if (now >= nextRound) {
        nextRound = now + 800;
        const answers = hosts.map((peer, at) => ({
          peer,
          name: peer,
          reached: part.asked[at] ? part.reach[at] : undefined,
        }));
        unreached = unreachedAfter(unreached, { askedAt: now, endedAt: now + askMs, answers });
      }
      const over = leaseIsOver({ helper, policy, lastGrantAt, told, unreached }, now);
      if (bound && over) seen.proofs++;
      if (bound && over && guests) return `at ${now} guests run: ${JSON.stringify(lease)}`;
      if (!guests && killing === undefined && phaseOf(lease, own) === "held") guests = true; // somebody starts them again
    }
  }
  return undefined;
}

test("no guest runs on a host whose lease Belay holds for over", () => {
  const seen = { proofs: 0 };
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 12 }), (it) => {
      expect(play(it, seen)).toBeUndefined();
    }),
    { numRuns: 400 },
  );
  expect(seen.proofs).toBeGreaterThan(100); // it was put to the test
});
