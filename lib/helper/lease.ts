/**
 * The lease of a host: how long its guests may run without a word from Belay. Pure; `now` is the host's own clock, in milliseconds
 * since its boot. The rule that everything rests on: a lease is counted from the moment of the ASK that was granted, or from the
 * sending of echoes that half of the peers answered, and Belay counts from a later moment. So it always ends here first.
 */

export interface Lease {
  readonly leaseMs: number;
  /** Addresses of other hosts. Without any nothing binds: nobody could take the guests over. */
  readonly peers: readonly string[];
  /** When that was asked which was granted last, or what is remembered of a life before. */
  readonly grantedAt: number;
  /** Of each peer, when the newest echo was sent that it answered. */
  readonly echoes: Readonly<Record<string, number>>;
  /** Not yet answered, the newest last. */
  readonly asks: readonly { readonly serial: number; readonly at: number }[];
  readonly serial: number;
  readonly askedAt: number;
  readonly pingedAt: number;
  readonly killedAt: number;
  /** Since when the lease is over; null while it is not. Only a grant brings it back: echoes that come again prove nothing of the past. */
  readonly lostAt: number | null;
  /** Begin of the newest look that found no guest. */
  readonly emptyAt: number;
}

export type LeaseEvent =
  | { readonly kind: "tick" }
  | { readonly kind: "attended" }
  | { readonly kind: "granted"; readonly serial: number; readonly leaseMs: number; readonly peers: readonly string[] }
  | { readonly kind: "answered"; readonly peer: string; readonly sentAt: number }
  | { readonly kind: "empty"; readonly lookedAt: number };

export type LeaseCommand =
  /** `peers`: those that it goes by now, so that Belay knows which of its grants came through. */
  | { readonly kind: "ask"; readonly serial: number; readonly peers: readonly string[] }
  | { readonly kind: "ping"; readonly peers: readonly string[] }
  | { readonly kind: "stop-guests" }
  | { readonly kind: "feed" };

/**
 * free: no lease binds, because none was granted yet, or there are no peers, or no watchdog; held: Belay grants; kept: Belay is away and half of the peers are there; over: alone, the guests are being stopped;
 * stopped: alone, and no guest runs.
 */
export type LeasePhase = "free" | "held" | "kept" | "over" | "stopped";

const never = Number.NEGATIVE_INFINITY;
const maxAsks = 8;
/** Of the lease: guests are stopped when so much of it is over, so that all are dead at its end. */
const stopShare = 0.75;
const killEveryMs = 500;
/** A look older than this says nothing: somebody may have started a guest since. */
const emptyForMs = 1_500;
const pingSlackMs = 500;

/** Of a life before. `base`: when its lease was counted from, null where that was before a boot: then only a grant frees the guests. */
export interface Remembered {
  readonly base: number | null;
  readonly leaseMs: number;
  readonly peers: readonly string[];
}

export const newLease = (leaseMs: number, remembered: Remembered | undefined): Lease => ({
  leaseMs: remembered?.leaseMs ?? leaseMs,
  peers: remembered?.peers ?? [],
  grantedAt: remembered?.base ?? never,
  echoes: {},
  asks: [],
  serial: 0,
  askedAt: never,
  pingedAt: never,
  killedAt: never,
  lostAt: remembered?.base === null ? never : null,
  emptyAt: never,
});

export const bound = (lease: Lease): boolean => lease.peers.length > 0;

/**
 * The latest time after which half of the peers answered an echo. Half is enough: of three hosts one may be dead while Belay is away.
 * Belay holds the lease for over only when more than half of these very peers did not reach us for all of it.
 */
function halfAt({ peers, echoes }: Lease): number {
  const times = peers.map((peer) => echoes[peer] ?? never).sort((a, b) => b - a);
  return times[Math.ceil(peers.length / 2) - 1] ?? never;
}

/** From when the lease is counted. */
export const baseOf = (lease: Lease): number => Math.max(lease.grantedAt, halfAt(lease));

const stopAt = (lease: Lease) => baseOf(lease) + stopShare * lease.leaseMs;
const lostAt = (lease: Lease, now: number) => lease.lostAt ?? (now >= stopAt(lease) ? stopAt(lease) : null);

export function phaseOf(lease: Lease, now: number): LeasePhase {
  if (!bound(lease)) return "free";
  const lost = lostAt(lease, now);
  if (lost !== null) return lease.emptyAt >= lost && now - lease.emptyAt <= emptyForMs ? "stopped" : "over";
  return now - lease.grantedAt < stopShare * lease.leaseMs ? "held" : "kept";
}

/** Whether the watchdog may be fed: if this were the last time, it would still reset the host before the lease ends. */
function mayFeed(lease: Lease, now: number, watchdogMs: number): boolean {
  const phase = phaseOf(lease, now);
  if (phase === "over") return false;
  return phase === "stopped" || now + watchdogMs <= baseOf(lease) + lease.leaseMs;
}

/** The longest watchdog that can be kept fed in time under this lease. */
export const longestWatchdogMs = (leaseMs: number): number => stopShare * leaseMs;

function ask(lease: Lease, now: number): [Lease, LeaseCommand] {
  const serial = lease.serial + 1;
  const asks = [...lease.asks, { serial, at: now }].slice(-maxAsks);
  return [
    { ...lease, serial, asks, askedAt: now },
    { kind: "ask", serial, peers: lease.peers },
  ];
}

function tick(before: Lease, now: number, watchdogMs: number | null): [Lease, LeaseCommand[]] {
  let lease = before;
  const commands: LeaseCommand[] = [];
  const askEveryMs = lease.leaseMs / 4;
  if (now - lease.askedAt >= askEveryMs) {
    const [asked, command] = ask(lease, now);
    lease = asked;
    commands.push(command);
  }
  if (!bound(lease)) return [lease, commands];
  const overdue = now - lease.grantedAt > askEveryMs + pingSlackMs;
  if (overdue && now - lease.pingedAt >= lease.leaseMs / 8) {
    lease = { ...lease, pingedAt: now };
    commands.push({ kind: "ping", peers: lease.peers });
  }
  const lost = lostAt(lease, now);
  if (lost !== null && now - lease.killedAt >= killEveryMs) {
    lease = { ...lease, killedAt: now, lostAt: lost };
    commands.push({ kind: "stop-guests" });
  }
  if (watchdogMs !== null && mayFeed(lease, now, watchdogMs)) commands.push({ kind: "feed" });
  return [lease, commands];
}

/** One step. `watchdogMs`: how long the watchdog waits; null without one, and then no lease binds: it would prove nothing. */
export function step(
  lease: Lease,
  event: LeaseEvent,
  now: number,
  watchdogMs: number | null,
): readonly [Lease, readonly LeaseCommand[]] {
  switch (event.kind) {
    case "tick":
      return tick(lease, now, watchdogMs);
    case "attended": {
      const [asked, command] = ask(lease, now);
      return [asked, [command]];
    }
    case "granted": {
      const { serial, leaseMs, peers } = event;
      const asked = lease.asks.find((one) => one.serial === serial);
      if (asked === undefined || asked.at < lease.grantedAt) return [lease, []];
      const asks = lease.asks.filter((one) => one.serial > serial);
      const known = watchdogMs === null ? [] : [...new Set(peers)];
      const fresh = now < asked.at + stopShare * leaseMs;
      const held = { ...lease, asks, leaseMs, peers: known, grantedAt: asked.at, lostAt: fresh ? null : lease.lostAt };
      return tick(held, now, watchdogMs);
    }
    case "answered": {
      const { peer, sentAt } = event;
      if (!lease.peers.includes(peer)) return [lease, []];
      const newest = Math.max(sentAt, lease.echoes[peer] ?? never);
      return tick({ ...lease, echoes: { ...lease.echoes, [peer]: newest } }, now, watchdogMs);
    }
    case "empty":
      return tick({ ...lease, emptyAt: Math.max(event.lookedAt, lease.emptyAt) }, now, watchdogMs);
  }
}
