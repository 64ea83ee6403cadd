import {
  answers,
  hasProcess,
  heldRestored,
  isActive,
  paused,
  processDied,
  restored,
  resumed,
  started,
  stopped,
} from "./domain.ts";
import type { SimDomain, SimGuest, SimHost } from "./types.ts";
import { beginsBoot, goesBackTo, takesDisk, type Work } from "./work.ts";
import type { World } from "./world.ts";

/** What follows by itself once a guest runs: libvirt notices deaths a little late, a bad disk stops the guest again. */

/** From the end of a process until libvirtd has seen it (the lab's hosts: 0.23 s). */
const noticeMs = { min: 180, max: 240 } as const;
/** From a start until the guest writes to its disk. */
const firstWriteMs = 1500;
/** From a resume until QEMU has tried the failed request again: it does so at once. */
const retryWriteMs = 3;

/** The domain as long as it is still in the run that is meant. */
const inRun = (host: SimHost, uuid: string, runId: number | null): SimDomain | undefined => {
  const domain = host.domains.get(uuid);
  return host.power === "on" && domain !== undefined && isActive(domain) && domain.runId === runId ? domain : undefined;
};

export function killProcess(world: World, host: SimHost, domain: SimDomain): void {
  if (domain.processGone) return;
  world.set(host, processDied(domain));
  world.later(
    world.randomOf(`notice ${host.name} ${domain.name} ${domain.runId}`).between(noticeMs.min, noticeMs.max),
    () => {
      const now = inRun(host, domain.uuid, domain.runId);
      // A libvirtd that is dead notices when it starts again (befall-host.ts).
      if (now?.processGone && host.libvirtd === "up") world.turn(host, stopped(now, "failed"));
    },
  );
}

function afterStart(world: World, host: SimHost, guest: SimGuest, domain: SimDomain): void {
  const { uuid, runId } = domain;
  if (guest.diskError !== null) world.later(firstWriteMs, () => failDisk(world, host, guest, runId));
  if (guest.diesAfterMs !== null)
    world.later(guest.diesAfterMs, () => {
      const now = inRun(host, uuid, runId);
      if (now === undefined || guest.diesAfterMs === null) return;
      world.tell(`${now.name} dies again on ${host.name}, soon after its start.`);
      killProcess(world, host, now);
    });
}

/** The guest writes, the disk refuses, the hypervisor holds the guest. */
export function failDisk(world: World, host: SimHost, guest: SimGuest, runId: number | null): void {
  const domain = inRun(host, guest.uuid, runId);
  if (domain === undefined || domain.processGone || domain.state !== "running" || guest.diskError === null) return;
  world.say(host, { uuid: guest.uuid, what: `io error ${guest.diskError}` });
  world.turn(host, paused(domain, "io-error"));
}

/** The host that runs it. */
export const carrierOf = (world: World, uuid: string): SimHost | undefined =>
  world.placesOf(uuid).find((it) => {
    const domain = it.domains.get(uuid);
    return domain !== undefined && hasProcess(domain);
  });

/** Another host runs it: QEMU's lock on its disk is held there, whatever network is cut. */
export const carrierElsewhere = (world: World, host: SimHost, uuid: string): SimHost | undefined =>
  world.placesOf(uuid).find((it) => {
    const domain = it === host ? undefined : it.domains.get(uuid);
    return domain !== undefined && hasProcess(domain);
  });

export const lockedElsewhere = (world: World, host: SimHost, guest: SimGuest): boolean =>
  world.diskLocks && carrierElsewhere(world, host, guest.uuid) !== undefined;

/** From the disk that its definition names. */
export function startDomain(world: World, host: SimHost, guest: SimGuest, domain: SimDomain): void {
  if (carrierElsewhere(world, host, guest.uuid) === undefined) takesDisk(guest, domain.diskPath, host.name);
  const turn = started(domain, guest, host.nextRunId++, world.clock.now());
  world.turn(host, turn);
  beginsBoot(guest);
  guest.stoppedByPersonAt = null;
  guest.hung = false;
  guest.spins = false;
  afterStart(world, host, guest, turn.domain);
}

/** What memory held when it was saved. */
export interface SavedMemory {
  readonly hung: boolean;
  readonly spins: boolean;
  /** What was left of its boot. */
  readonly answersInMs: number;
}

/** From a saved state: it goes on where it was; without memory it boots from the saved disk. Its old disk stays behind as it was. */
export function restoreDomain(
  world: World,
  host: SimHost,
  guest: SimGuest,
  domain: SimDomain,
  saved: { readonly work: Work; readonly memory: SavedMemory | null },
  holds = false,
): void {
  const now = world.clock.now();
  const { memory, work } = saved;
  const goesOn = restored(domain, host.nextRunId++, now, memory?.answersInMs ?? guest.bootMs);
  const turn = holds ? heldRestored(goesOn) : goesOn;
  world.turn(host, turn);
  goesBackTo(guest, work, now);
  if (memory === null) beginsBoot(guest);
  guest.stoppedByPersonAt = null;
  guest.hung = memory?.hung ?? false;
  guest.spins = memory?.spins ?? false;
  if (!holds) afterStart(world, host, guest, turn.domain);
}

/** One that a restore has held goes on: what is left of its boot begins now. */
export function letGoRestored(
  world: World,
  host: SimHost,
  guest: SimGuest,
  domain: SimDomain,
  answersInMs: number,
): void {
  const now = world.clock.now();
  const turn = resumed({ ...domain, answersFrom: now + answersInMs }, now);
  world.turn(host, turn);
  afterStart(world, host, guest, turn.domain);
}

/** It stands still for a capture; who holds it lets it go on. */
export function holdDomain(world: World, host: SimHost, domain: SimDomain): void {
  world.turn(host, paused(domain, "unknown"));
}

export function resumeDomain(world: World, host: SimHost, guest: SimGuest, domain: SimDomain): void {
  world.turn(host, resumed(domain, world.clock.now()));
  if (guest.diskError !== null) world.later(retryWriteMs, () => failDisk(world, host, guest, domain.runId));
}

export const guestAnswers = (world: World, domain: SimDomain): boolean => {
  const guest = world.guest(domain.uuid);
  return guest !== undefined && answers(domain, guest, world.clock.now());
};
