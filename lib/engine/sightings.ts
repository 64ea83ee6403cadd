import type { HostId } from "../model/index.ts";
import { within } from "./guard/within.ts";
import type { Clock, DomainSight, Hypervisor } from "./ports.ts";

/** One host that hangs must not keep a VM from its repair. */
const answersWithinMs = 3_000;

/** What a host showed when all its domains were read, and when that was, on the clock that never jumps. */
export interface Sighting {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly domains: Map<string, DomainSight>;
}

interface Asking {
  readonly beganMs: number;
  readonly answer: Promise<Sighting | undefined>;
}

/** All that it touches. */
export interface Lists {
  readonly clock: Clock;
  readonly hypervisor: Pick<Hypervisor, "listDomains">;
}

/** Of each host the last sighting alone, and the question that is under way. */
const known = new WeakMap<object, { readonly last: Map<HostId, Sighting>; readonly asking: Map<HostId, Asking> }>();

function knownTo(env: object) {
  const found = known.get(env) ?? { last: new Map(), asking: new Map() };
  known.set(env, found);
  return found;
}

export const lastSighting = (env: object, host: HostId): Sighting | undefined => knownTo(env).last.get(host);

/** The host is not watched any more. */
export const forgetSighting = (env: object, host: HostId): boolean => knownTo(env).last.delete(host);

/** Reads all domains of a host, for whoever wants to know where one is. */
export async function readAll(env: Lists, host: HostId): Promise<Sighting> {
  const { last } = knownTo(env);
  const beganMs = env.clock.monotonicMs();
  const domains = new Map<string, DomainSight>();
  for (const sight of await env.hypervisor.listDomains(host)) domains.set(sight.uuid, sight);
  const sighting = { beganMs, endedMs: env.clock.monotonicMs(), domains };
  if ((last.get(host)?.beganMs ?? beganMs) <= beganMs) last.set(host, sighting);
  return sighting;
}

/**
 * What the host showed at `sinceMs` or later: as its watch, or anybody else, has read it since; only else it is asked, once for all who want to know
 * at that time. undefined for one that refuses, or does not answer in time.
 */
export async function shownSince(env: Lists, host: HostId, sinceMs: number): Promise<Sighting | undefined> {
  const { last, asking } = knownTo(env);
  const seen = last.get(host);
  if (seen !== undefined && seen.beganMs >= sinceMs) return seen;
  const asked = asking.get(host);
  if (asked !== undefined && asked.beganMs >= sinceMs) return asked.answer;
  const reading = readAll(env, host).catch(() => undefined);
  const mine: Asking = {
    beganMs: env.clock.monotonicMs(),
    answer: within(env.clock, answersWithinMs, reading, undefined).finally(() => {
      if (asking.get(host) === mine) asking.delete(host);
    }),
  };
  asking.set(host, mine);
  return mine.answer;
}
