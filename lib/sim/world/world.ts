import type { Clock } from "../../engine/ports.ts";
import type { EpochMs } from "../../model/index.ts";
import { createSaved, type Saved } from "../checkpoints/saved.ts";
import { type After, afterOn } from "../clock/after.ts";
import { Bag } from "../clock/bag.ts";
import { type Random, seededRandom } from "../random.ts";
import { hasProcess, type Turn } from "./domain.ts";
import type { DomainEvent, SimDomain, SimGuest, SimHost, Violation } from "./types.ts";
import { type WallClock, wallClock } from "./wall.ts";
import { countWork } from "./work.ts";

/** What a schedule does to libvirt's events on their way: each number is used up by the next events, of whatever host. */
export interface EventPlan {
  lose: number;
  duplicate: number;
  delay: { count: number; ms: number };
}

/** One thing that happened out there, in a sentence. */
export interface Happening {
  readonly at: EpochMs;
  readonly words: string;
}

/** A fence device cut a host's power: what was so at that instant. */
export interface PowerCut {
  readonly at: EpochMs;
  readonly host: string;
  /** It ran, and for how long its links had been as they were: since then it, and what could hear it, had not changed. */
  readonly ran: boolean;
  readonly steadyMs: number;
  readonly peers: number;
  readonly peersThatReachedIt: number;
  readonly belayReachedIt: boolean;
  /** Of all hosts but this one. */
  readonly othersThatBelayReached: number;
}

/** What a hook of the provider does when it is run next; without a plan it does nothing and ends well. */
export interface HookPlan {
  readonly exitCode: number;
  readonly output: string;
  readonly ms: number;
  /** A VM that it starts. */
  readonly starts: string | undefined;
}

export interface World {
  readonly clock: Clock;
  /** The time of day on Belay's machine. */
  readonly wall: WallClock;
  readonly events: EventPlan;
  /** A second starter of a disk in use is refused. */
  readonly diskLocks: boolean;
  readonly powerCuts: PowerCut[];
  readonly hooks: { readonly plans: Map<string, HookPlan>; readonly runs: { readonly program: string }[] };
  /** Live migrations under way, by UUID, and how many of the next fail in their middle. */
  readonly migrations: {
    readonly running: Map<string, { readonly from: string; readonly to: string }>;
    failing: number;
  };
  /** Whether a guest that is well is given up on purpose: its owner called for an older state of it, or it goes back with its group. Who knows says so here. */
  givenUp: (uuid: string) => boolean;
  /** Checkpoints, and what there is out there because of them. */
  readonly saved: Saved;
  hosts(): readonly SimHost[];
  host(name: string): SimHost | undefined;
  hostByUri(uri: string): SimHost | undefined;
  /** Where the domain is or ever was, in the order of `hosts()`. */
  placesOf(uuid: string): readonly SimHost[];
  guests(): readonly SimGuest[];
  guest(uuid: string): SimGuest | undefined;
  /** One that begins to be: a copy of another with a name, a UUID and addresses of its own. */
  addGuest(guest: SimGuest): void;
  /** Grows whenever something in the world may have changed: a look at it that found nothing need not be repeated. */
  changes(): number;
  /** The newest happenings, at most 10,000. */
  history(): readonly Happening[];
  violations(): readonly Violation[];
  /** Faults that Belay itself injected, oldest first. */
  readonly injected: { readonly uuid: string; readonly runId: number }[];
  /** Starts by Belay, oldest first, and when a person had stopped the VM, where one had. */
  readonly starts: {
    readonly uuid: string;
    readonly at: EpochMs;
    readonly stoppedByPersonAt: EpochMs | null;
    /** The disk that it boots from; null: it goes on from a saved state. */
    readonly bootsFrom: string | null;
    /** Of a start where it is at home: when libvirt had the request, and whether it knew the domain then. */
    readonly atHome?: { readonly askedAt: EpochMs; readonly known: boolean };
  }[];
  /** Writes down what happened, for the log of a scenario. */
  tell(words: string): void;
  /** `limit`: why nobody could have held it. It is then told, and is no breach. */
  accuse(invariant: number, words: string, limit?: string): void;
  onHappening(hear: (happening: Happening) => void): () => void;
  onEvent(host: SimHost, hear: (event: DomainEvent) => void): () => void;
  onHostChange(host: SimHost, hear: () => void): () => void;
  /** The host's power, links, helper or libvirtd changed. */
  hostChanged(host: SimHost): void;
  changedAt(host: SimHost): EpochMs;
  /** A domain turned: libvirt holds it as it now is and says so. */
  turn(host: SimHost, turn: Turn): void;
  /** Changes a domain without libvirt noticing. */
  set(host: SimHost, domain: SimDomain): void;
  say(host: SimHost, event: DomainEvent): void;
  later(ms: number, then: () => void): void;
  /** A timer that can be given up, and that close() does not know of. */
  readonly after: After;
  randomOf(name: string): Random;
  /** Lets go of every timer. */
  close(): void;
}

const kept = 10_000;

/** Two copies that no program could have kept apart. */
const limitOf = (carriers: readonly SimHost[], domain: SimDomain, guest: SimGuest | undefined): string | undefined => {
  if (guest?.copiedByPersonAt != null) return "a person starts it twice";
  const liar = carriers.find((host) => host.switches.some((it) => it.fault === "lies"));
  if (liar) return `the fence device of ${liar.name} lies`;
  return domain.autostart ? "libvirtd starts it after a boot" : undefined;
};

/** A set of listeners that may leave while they are called. */
function listeners<T>() {
  const all = new Set<(value: T) => void>();
  return {
    add(hear: (value: T) => void) {
      all.add(hear);
      return () => void all.delete(hear);
    },
    call(value: T) {
      for (const hear of [...all]) hear(value);
    },
  };
}

export function createWorld(
  clock: Clock,
  seed: number,
  given: { hosts: readonly SimHost[]; guests: readonly SimGuest[]; diskLocks: boolean },
): World {
  const { hosts, diskLocks } = given;
  const guests = [...given.guests];
  const after = afterOn(clock);
  /** How to give up what is still to happen. */
  const timers = new Bag<() => void>();
  const history: Happening[] = [];
  const violations: Violation[] = [];
  const happenings = listeners<Happening>();
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const byUri = new Map(hosts.map((host) => [host.uri, host]));
  const byUuid = new Map(guests.map((guest) => [guest.uuid, guest]));
  const hostEvents = new Map(hosts.map((host) => [host, listeners<DomainEvent>()]));
  const hostChanges = new Map(hosts.map((host) => [host, listeners<void>()]));
  const events: EventPlan = { lose: 0, duplicate: 0, delay: { count: 0, ms: 0 } };

  const orderOf = new Map(hosts.map((host, order) => [host, order]));
  const places = new Map<string, SimHost[]>();
  const placed = (host: SimHost, uuid: string) => {
    const there = places.get(uuid);
    if (there === undefined) places.set(uuid, [host]);
    else if (!there.includes(host)) {
      there.push(host);
      there.sort((a, b) => (orderOf.get(a) ?? 0) - (orderOf.get(b) ?? 0));
    }
  };
  for (const host of hosts) for (const uuid of host.domains.keys()) placed(host, uuid);

  const changedAt = new Map<SimHost, EpochMs>();
  let changes = 0;
  const tell = (words: string) => {
    changes++;
    const happening = { at: clock.now(), words };
    if (history.length === kept) history.shift();
    history.push(happening);
    happenings.call(happening);
  };
  const accuse = (invariant: number, words: string, limit?: string) => {
    changes++;
    if (limit !== undefined) tell(`KNOWN LIMIT (${limit}): ${words}`);
    if (violations.length < kept) violations.push({ at: clock.now(), invariant, words, limit: limit ?? null });
  };

  const checkCopies = (domain: SimDomain) => {
    if (!hasProcess(domain)) return;
    const { uuid, name } = domain;
    const carriers = (places.get(uuid) ?? []).filter((host) => {
      const domain = host.domains.get(uuid);
      return domain !== undefined && hasProcess(domain);
    });
    if (carriers.length < 2) return;
    const words = `${name} runs on ${carriers.map((host) => host.name).join(" and ")} at once.`;
    accuse(1, words, limitOf(carriers, domain, byUuid.get(domain.uuid)));
  };
  const set = (host: SimHost, domain: SimDomain) => {
    changes++;
    const guest = byUuid.get(domain.uuid);
    if (guest) countWork(host.domains.get(domain.uuid), guest, clock.now());
    if (domain.state === "stopped" && !domain.persistent) host.domains.delete(domain.uuid);
    else {
      host.domains.set(domain.uuid, domain);
      placed(host, domain.uuid);
    }
    checkCopies(domain);
  };
  const say = (host: SimHost, event: DomainEvent) => hostEvents.get(host)?.call(event);

  return {
    ...{ clock, events, diskLocks, wall: wallClock(clock.now), powerCuts: [] },
    hooks: { plans: new Map(), runs: [] },
    migrations: { running: new Map(), failing: 0 },
    injected: [],
    starts: [],
    saved: createSaved(),
    givenUp: () => false,
    hosts: () => hosts,
    host: (name) => byName.get(name),
    hostByUri: (uri) => byUri.get(uri),
    placesOf: (uuid) => places.get(uuid) ?? [],
    guests: () => guests,
    guest: (uuid) => byUuid.get(uuid),
    addGuest(guest) {
      guests.push(guest);
      byUuid.set(guest.uuid, guest);
    },
    changes: () => changes,
    history: () => history,
    violations: () => violations,
    tell,
    accuse,
    onHappening: happenings.add,
    onEvent: (host, hear) => hostEvents.get(host)?.add(hear) ?? (() => undefined),
    onHostChange: (host, hear) => hostChanges.get(host)?.add(hear) ?? (() => undefined),
    changedAt: (host) => changedAt.get(host) ?? Number.NEGATIVE_INFINITY,
    hostChanged(host) {
      changes++;
      changedAt.set(host, clock.now());
      hostChanges.get(host)?.call();
    },
    turn(host, { domain, what }) {
      set(host, domain);
      say(host, { uuid: domain.uuid, what });
    },
    set,
    say,
    after,
    later(ms, then) {
      const giveUp = after(ms, () => {
        timers.remove(place);
        changes++;
        then();
      });
      const place = timers.add(giveUp);
    },
    randomOf: (name) => seededRandom(seed, name),
    close() {
      for (const giveUp of timers.empty()) giveUp();
    },
  };
}

export { answersNetwork } from "./net.ts";
