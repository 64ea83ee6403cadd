import type { Clock } from "../../engine/ports.ts";
import type { EpochMs } from "../../model/index.ts";
import { type After, afterOn } from "../clock/after.ts";
import { type Random, seededRandom } from "../random.ts";
import { hasProcess, type Turn } from "./domain.ts";
import type { DomainEvent, SimDomain, SimGuest, SimHost, Violation } from "./types.ts";

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

export interface World {
  readonly clock: Clock;
  readonly events: EventPlan;
  hosts(): readonly SimHost[];
  host(name: string): SimHost | undefined;
  hostByUri(uri: string): SimHost | undefined;
  guests(): readonly SimGuest[];
  guest(uuid: string): SimGuest | undefined;
  /** Grows whenever something in the world may have changed: a look at it that found nothing need not be repeated. */
  changes(): number;
  /** The newest happenings, at most 10,000. */
  history(): readonly Happening[];
  violations(): readonly Violation[];
  /** Faults that Belay itself injected, oldest first. */
  readonly injected: { readonly uuid: string; readonly runId: number }[];
  /** Starts by Belay, oldest first, and when a person had stopped the VM, where one had. */
  readonly starts: { readonly uuid: string; readonly at: EpochMs; readonly stoppedByPersonAt: EpochMs | null }[];
  /** Writes down what happened, for the log of a scenario. */
  tell(words: string): void;
  accuse(invariant: number, words: string): void;
  onHappening(hear: (happening: Happening) => void): () => void;
  onEvent(host: SimHost, hear: (event: DomainEvent) => void): () => void;
  onHostChange(host: SimHost, hear: () => void): () => void;
  /** The host's power, link or libvirtd changed. */
  hostChanged(host: SimHost): void;
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

export function createWorld(clock: Clock, seed: number, hosts: readonly SimHost[], guests: readonly SimGuest[]): World {
  const after = afterOn(clock);
  /** How to give up what is still to happen. */
  const timers = new Set<() => void>();
  const history: Happening[] = [];
  const violations: Violation[] = [];
  const happenings = listeners<Happening>();
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const byUri = new Map(hosts.map((host) => [host.uri, host]));
  const byUuid = new Map(guests.map((guest) => [guest.uuid, guest]));
  const hostEvents = new Map(hosts.map((host) => [host, listeners<DomainEvent>()]));
  const hostChanges = new Map(hosts.map((host) => [host, listeners<void>()]));
  const events: EventPlan = { lose: 0, duplicate: 0, delay: { count: 0, ms: 0 } };

  let changes = 0;
  const tell = (words: string) => {
    changes++;
    const happening = { at: clock.now(), words };
    if (history.length === kept) history.shift();
    history.push(happening);
    happenings.call(happening);
  };
  const accuse = (invariant: number, words: string) => {
    changes++;
    if (violations.length < kept) violations.push({ at: clock.now(), invariant, words });
  };

  const checkCopies = ({ uuid, name }: SimDomain) => {
    const carriers = hosts.filter((host) => {
      const domain = host.domains.get(uuid);
      return domain !== undefined && hasProcess(domain);
    });
    if (carriers.length > 1) accuse(1, `${name} runs on ${carriers.map((host) => host.name).join(" and ")} at once.`);
  };
  const set = (host: SimHost, domain: SimDomain) => {
    changes++;
    if (domain.state === "stopped" && !domain.persistent) host.domains.delete(domain.uuid);
    else host.domains.set(domain.uuid, domain);
    checkCopies(domain);
  };
  const say = (host: SimHost, event: DomainEvent) => hostEvents.get(host)?.call(event);

  return {
    clock,
    events,
    injected: [],
    starts: [],
    hosts: () => hosts,
    host: (name) => byName.get(name),
    hostByUri: (uri) => byUri.get(uri),
    guests: () => guests,
    guest: (uuid) => byUuid.get(uuid),
    changes: () => changes,
    history: () => history,
    violations: () => violations,
    tell,
    accuse,
    onHappening: happenings.add,
    onEvent: (host, hear) => hostEvents.get(host)?.add(hear) ?? (() => undefined),
    onHostChange: (host, hear) => hostChanges.get(host)?.add(hear) ?? (() => undefined),
    hostChanged(host) {
      changes++;
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
        timers.delete(giveUp);
        changes++;
        then();
      });
      timers.add(giveUp);
    },
    randomOf: (name) => seededRandom(seed, name),
    close() {
      for (const giveUp of timers) giveUp();
      timers.clear();
    },
  };
}

/** Packets pass between Belay and the host, and something at the other end answers them. */
export const answersNetwork = (host: SimHost, now: EpochMs): boolean =>
  host.power === "on" && host.readyAt <= now && host.link === "up";
