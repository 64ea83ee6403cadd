import { hasProcess } from "../world/domain.ts";
import { answersNetwork, hostsReach, isUp } from "../world/net.ts";
import { resetHost } from "../world/power.ts";
import { killProcess } from "../world/run.ts";
import type { SimHelper, SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";

/**
 * `belay-host` in a few lines: it asks for its lease, keeps its guests while Belay or half of the other hosts hear it, and stops them
 * before its lease ends when nobody does. Its watchdog resets the host when it is dead.
 */

const wireMs = 4;
/** It asks this often in the time of one lease. */
const asksPerLease = 4;
/** Before the first grant. */
const firstAskMs = 2000;
/** It stops its guests this much before its lease ends: killing takes time. */
const stopBeforeMs = 300;

/** True while the run of the helper that began with `starts` is the one that runs. */
const stillRuns = (world: World, host: SimHost, helper: SimHelper, starts: number): boolean =>
  helper.running && helper.starts === starts && isUp(host, world.clock.now());

/** The rounds of one run of the helper, while Belay attends or a lease is held; without either there is nothing to do. */
export function runHelper(world: World, host: SimHost, helper: SimHelper): void {
  const { starts } = helper;
  const { clock } = world;

  function ask(): void {
    const askedAt = clock.now();
    const { line } = helper;
    if (line === null || !answersNetwork(host, askedAt)) return;
    world.later(wireMs, () => {
      // The line may be another by now: Belay was started again.
      const grant =
        helper.line === line && answersNetwork(host, clock.now()) ? line.ask(helper.lease?.peers) : undefined;
      if (grant === undefined) return;
      if (grant.peers.length === 0) sayBinds(false);
      world.later(wireMs, () => {
        if (!stillRuns(world, host, helper, starts) || !answersNetwork(host, clock.now())) return;
        hold(grant.leaseMs, grant.peers, askedAt);
      });
    });
  }

  function sayBinds(binds: boolean): void {
    const { line } = helper;
    if (line === null || line.binds === binds) return;
    line.binds = binds;
    line.tell();
  }

  let endIsDue = false;
  function watchTheEnd(ms: number): void {
    if (endIsDue) return;
    endIsDue = true;
    world.later(Math.max(0, ms), () => {
      endIsDue = false;
      atTheEnd();
    });
  }

  function hold(leaseMs: number, peers: readonly string[], sinceMs: number): void {
    if (peers.length === 0) {
      helper.lease = null; // without peers nothing binds: nobody could take the guests over
      return;
    }
    sayBinds(true);
    const until = Math.max(helper.lease?.until ?? 0, sinceMs + leaseMs * helper.drift);
    helper.lease = { leaseMs, peers, until };
    watchTheEnd(until - clock.now() - stopBeforeMs);
  }

  /** Half of the peers that it was told of answer: it is not alone, and Belay may be away. */
  function notAlone(): boolean {
    const peers = helper.lease?.peers ?? [];
    const reached = peers.filter((address) => {
      const peer = world.hosts().find((it) => it.address === address);
      return peer !== undefined && hostsReach(host, peer, clock.now());
    });
    return reached.length * 2 >= peers.length;
  }

  function atTheEnd(): void {
    const { lease } = helper;
    if (lease === null || !stillRuns(world, host, helper, starts)) return;
    const leftMs = lease.until - stopBeforeMs - clock.now();
    if (leftMs > 0)
      watchTheEnd(leftMs); // it was renewed
    else if (notAlone()) hold(lease.leaseMs, lease.peers, clock.now());
    else {
      stopGuests(world, host);
      watchTheEnd(lease.leaseMs / asksPerLease); // what is started while it is alone is stopped too
    }
  }

  function round(): void {
    if (!stillRuns(world, host, helper, starts)) return;
    if (helper.line === null && helper.lease === null) return;
    ask();
    world.later((helper.lease?.leaseMs ?? firstAskMs * asksPerLease) / asksPerLease, round);
  }
  round();
}

function stopGuests(world: World, host: SimHost): void {
  const running = [...host.domains.values()].filter(hasProcess);
  if (running.length === 0) return;
  world.tell(
    `The helper on ${host.name} is alone and its lease ends: it stops ${running.map((it) => it.name).join(", ")}.`,
  );
  for (const domain of running) killProcess(world, host, domain);
}

export function helperDies(world: World, host: SimHost): string | undefined {
  const { helper } = host;
  if (!helper?.running || host.power === "off") return undefined;
  const armed = helper.lease !== null && helper.watchdog !== "none";
  helper.running = false;
  const starts = ++helper.starts;
  if (armed)
    world.later(helper.watchdogMs, () => {
      if (helper.starts !== starts || host.power === "off") return;
      world.tell(`The watchdog of ${host.name} is not fed any more and resets the host.`);
      resetHost(world, host);
    });
  helper.lease = null;
  return `The helper on ${host.name} dies${armed ? "; its watchdog is armed" : ""}.`;
}

/** It opens the watchdog again, which feeds it; it holds no lease until it is granted one. */
export function helperStarts(world: World, host: SimHost): string | undefined {
  const { helper } = host;
  if (!helper || helper.running || !isUp(host, world.clock.now())) return undefined;
  helper.running = true;
  helper.starts++;
  return `The helper on ${host.name} starts.`;
}
