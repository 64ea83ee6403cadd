import { type DomainAction, type DomainSight, HypervisorRefused } from "../../engine/ports.ts";
import { fromXml } from "../world/definition.ts";
import { isActive, neverRun, stopped, wasReset } from "../world/domain.ts";
import { guestAnswers, lockedElsewhere, resumeDomain, startDomain } from "../world/run.ts";
import type { SimDomain, SimGuest, SimHost } from "../world/types.ts";
import { beginsBoot, diskOf, otherDiskWords } from "../world/work.ts";
import type { World } from "../world/world.ts";

/** What libvirt does when it is asked to, and how it refuses (libvirt 9.0: virDomainCreate, Resume, PMWakeup, Destroy). */
export interface Outcome {
  readonly done: boolean;
  readonly words: string;
}

const refuse = (words: string): never => {
  throw new HypervisorRefused(words);
};
const nothing = (words: string): Outcome => ({ done: false, words });

export const sightOf = (domain: SimDomain): DomainSight => ({
  uuid: domain.uuid,
  name: domain.name,
  state: domain.state,
  reason: domain.reason,
  runId: domain.runId,
  persistent: domain.persistent,
  memoryMiB: domain.memoryMiB,
  vcpus: domain.vcpus,
});

/** From the request for a start until the answer, and so on: what the lab's hosts need, in milliseconds. */
export const durationsMs: Record<DomainAction, number> = {
  start: 700,
  resume: 20,
  wake: 20,
  destroy: 120,
  "shut-down": 20,
  "switch-off": 120,
  reset: 20,
};

export function actOn(
  world: World,
  host: SimHost,
  uuid: string,
  action: DomainAction,
  definition: string | undefined,
): Outcome {
  const domain = host.domains.get(uuid);
  switch (action) {
    case "start":
      return start(world, host, uuid, domain, definition);
    case "resume":
      return resume(world, host, domain);
    case "wake":
      return wake(world, host, domain);
    case "destroy":
      return domain?.state === "running"
        ? nothing("It is running, so nothing was done.")
        : destroy(world, host, domain);
    case "shut-down":
      return shutDown(world, host, domain);
    case "switch-off":
      return destroy(world, host, domain);
    case "reset":
      return reset(world, host, domain);
  }
}

function start(
  world: World,
  host: SimHost,
  uuid: string,
  known: SimDomain | undefined,
  definition: string | undefined,
): Outcome {
  if (known?.state === "running") return nothing(`${known.name} already runs as run ${known.runId}.`);
  if (known && isActive(known)) refuse(`Requested operation is not valid: domain is already ${known.state}`);
  const domain = known ?? transient(uuid, definition);
  const guest = world.guest(uuid) ?? refuse(`Cannot access storage file of ${domain.name}: No such file or directory`);
  const { diskPath } = domain;
  if (!diskOf(guest, diskPath)) refuse(`Cannot access storage file '${diskPath}': No such file or directory`);
  if (lockedElsewhere(world, host, guest)) refuse(lockWords(guest));
  const now = world.clock.now();
  world.starts.push({
    ...{ uuid, at: now, stoppedByPersonAt: guest.stoppedByPersonAt, bootsFrom: diskPath },
    atHome: { askedAt: now - durationsMs.start, known: known !== undefined },
  });
  const from = otherDiskWords(guest, diskPath);
  startDomain(world, host, guest, domain);
  world.tell(`libvirt on ${host.name} starts ${domain.name}${from}.`);
  return { done: true, words: `${domain.name} was started as run ${host.domains.get(uuid)?.runId}.` };
}

function transient(uuid: string, definition: string | undefined): SimDomain {
  if (definition === undefined) return refuse(`Domain not found: no domain with matching uuid '${uuid}'`);
  const parsed = fromXml(definition);
  if (parsed === undefined || parsed.uuid !== uuid) return refuse("XML error: not the definition of this domain");
  return neverRun(parsed);
}

function resume(world: World, host: SimHost, domain: SimDomain | undefined): Outcome {
  if (!domain || !isActive(domain)) return refuse("Requested operation is not valid: domain is not running");
  if (domain.state === "running") return nothing(`${domain.name} already runs.`);
  if (domain.state !== "paused") refuse(`Requested operation is not valid: domain is ${domain.state}`);
  if (domain.processGone) refuse("internal error: qemu unexpectedly closed the monitor");
  const guest = world.guest(domain.uuid) ?? refuse("Domain not found");
  resumeDomain(world, host, guest, domain);
  world.tell(`libvirt on ${host.name} resumes ${domain.name}.`);
  return { done: true, words: `${domain.name} was resumed.` };
}

function wake(world: World, host: SimHost, domain: SimDomain | undefined): Outcome {
  if (!domain || !isActive(domain)) return refuse("Requested operation is not valid: domain is not running");
  if (domain.state === "running") return nothing(`${domain.name} already runs.`);
  if (domain.state !== "suspended") refuse("Operation not supported: Unable to wake up the domain: not suspended");
  const guest = world.guest(domain.uuid) ?? refuse("Domain not found");
  resumeDomain(world, host, guest, domain);
  world.tell(`libvirt on ${host.name} wakes ${domain.name}.`);
  return { done: true, words: `${domain.name} was woken.` };
}

function destroy(world: World, host: SimHost, domain: SimDomain | undefined): Outcome {
  if (!domain || !isActive(domain)) return nothing("It does not run.");
  accuseIfWell(world, domain, "destroyed");
  world.turn(host, stopped(domain, "destroyed"));
  world.tell(`libvirt on ${host.name} destroys ${domain.name}.`);
  return { done: true, words: `${domain.name} was destroyed.` };
}

/** From the power button until the guest has ended its programs. */
const shutDownMs = 2500;

/** A guest that hangs does not hear the button. */
function shutDown(world: World, host: SimHost, domain: SimDomain | undefined): Outcome {
  if (domain?.state !== "running") return nothing("It does not run.");
  accuseIfWell(world, domain, "shut down");
  const { uuid, name, runId } = domain;
  const hears = guestAnswers(world, domain);
  world.later(shutDownMs, () => {
    const now = host.domains.get(uuid);
    if (!hears || now?.runId !== runId || now.state !== "running") return;
    world.turn(host, stopped(now, "shutdown"));
    world.tell(`The guest ${name} on ${host.name} shuts itself down.`);
  });
  return { done: true, words: `${name} was asked to shut down.` };
}

function reset(world: World, host: SimHost, domain: SimDomain | undefined): Outcome {
  if (!domain || !isActive(domain)) return refuse("Requested operation is not valid: domain is not running");
  if (domain.processGone) refuse("internal error: qemu unexpectedly closed the monitor");
  const guest = world.guest(domain.uuid) ?? refuse("Domain not found");
  accuseIfWell(world, domain, "reset");
  guest.hung = false;
  guest.spins = false;
  beginsBoot(guest);
  world.turn(host, wasReset(domain, guest, world.clock.now()));
  world.tell(`libvirt on ${host.name} resets ${domain.name}.`);
  return { done: true, words: `${domain.name} was reset.` };
}

/** One that was resumed a moment ago may have been read as paused: libvirt has no "destroy only if". */
export function accuseIfWell(world: World, domain: SimDomain, what: string): void {
  const wellForMs = world.clock.now() - Math.max(domain.answersFrom ?? 0, domain.runningSince ?? 0);
  if (guestAnswers(world, domain) && wellForMs > 1000 && !world.givenUp(domain.uuid))
    world.accuse(3, `Belay ${what} ${domain.name} while its guest was well.`);
}

/** QEMU's own words when another has the image open. */
export const lockWords = (guest: Pick<SimGuest, "diskPath">): string =>
  `internal error: process exited while connecting to monitor: Failed to get "write" lock. Is another process using the image [${guest.diskPath}]?`;
