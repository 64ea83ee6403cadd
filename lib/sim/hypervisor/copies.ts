import { type Copies, HypervisorRefused } from "../../engine/ports.ts";
import type { HostId } from "../../model/index.ts";
import { countersAt } from "../world/counters.ts";
import { fromXml } from "../world/definition.ts";
import { hasProcess, isActive, neverRun, stopped } from "../world/domain.ts";
import { answersNetwork, seesDisk } from "../world/net.ts";
import { carrierElsewhere, guestAnswers, lockedElsewhere, startDomain } from "../world/run.ts";
import type { SimDomain, SimGuest, SimHost } from "../world/types.ts";
import { diskOf, otherDiskWords } from "../world/work.ts";
import type { World } from "../world/world.ts";
import { accuseIfWell, lockWords, type Outcome } from "./acts.ts";
import { migrate } from "./migrate.ts";
import type { Session } from "./session.ts";

const readMs = 2;
const startMs = 700;
const endMs = 120;

const refuse = (words: string): never => {
  throw new HypervisorRefused(words);
};

export type Proof = Parameters<Copies["startElsewhere"]>[4];

/** What Belay does with copies of a VM on several hosts, over the hosts' connections. */
export const copies = (world: World, sessionTo: (host: HostId) => Session): Copies => ({
  async copiesOn(host) {
    const session = sessionTo(host);
    return session.call(readMs, () =>
      [...session.host.domains.values()].map((domain) => ({
        ...{ uuid: domain.uuid, name: domain.name, generation: domain.generation, active: isActive(domain) },
      })),
    );
  },
  async startElsewhere(target, vm, definition, generation, proof) {
    const session = sessionTo(target);
    return session.call(startMs, () => startCopy(world, session.host, vm.uuid, definition, generation, proof));
  },
  async defineAgain(host, uuid, definition, generation) {
    const session = sessionTo(host);
    return session.call(readMs, () => defineAgain(world, session.host, uuid, definition, generation));
  },
  async discard(host, uuid, below) {
    const session = sessionTo(host);
    return session.call(endMs, () => discard(world, session.host, uuid, below));
  },
  async release(host, uuid) {
    const session = sessionTo(host);
    return session.call(endMs, () => {
      const domain = session.host.domains.get(uuid);
      if (!domain) return { done: false, words: "It is not defined there." };
      if (isActive(domain)) accuseIfWell(world, domain, "released");
      remove(world, session.host, domain, "destroyed");
      world.tell(`libvirt on ${session.host.name} switches ${domain.name} off and forgets it.`);
      return { done: true, words: `${domain.name} was switched off and undefined.` };
    });
  },
  migrate: (from, uuid, to, generation, onProgress, signal) =>
    migrate(world, sessionTo(from), uuid, to, generation, onProgress, signal),
  async vitals(host, uuid) {
    const session = sessionTo(host);
    return session.call(readMs, () => {
      const domain = session.host.domains.get(uuid);
      const guest = world.guest(uuid);
      if (!domain || !guest) return refuse(`Domain not found: no domain with matching uuid '${uuid}'`);
      if (!isActive(domain)) return refuse("Requested operation is not valid: domain is not running");
      const { cpuTimeMs, blockRequests, netPackets, at } = countersAt(domain, guest, world.clock.now());
      return { at: world.wall.at(at), cpuTimeMs, blockRequests, netPackets };
    });
  },
});

function startCopy(
  world: World,
  host: SimHost,
  uuid: string,
  definition: string,
  generation: number,
  proof: Proof,
): Outcome {
  const there = host.domains.get(uuid);
  if (there && isActive(there)) {
    if (there.generation === generation)
      return { done: false, words: `${there.name} already runs there as generation ${generation}.` };
    refuse(`Requested operation is not valid: domain is already active as ${there.name}`);
  }
  if (there && (there.generation ?? 0) > generation)
    refuse(`A copy of generation ${there.generation} is there, and ${generation} was to be started.`);
  const parsed = fromXml(definition);
  if (parsed === undefined || parsed.uuid !== uuid) return refuse("XML error: not the definition of this domain");
  const guest = world.guest(uuid);
  const disk = guest && diskOf(guest, parsed.diskPath);
  if (!guest || !disk || !seesDisk(host, disk))
    return refuse(`Cannot access storage file of ${parsed.name}: No such file or directory`);
  demandProof(world, host, guest, proof);
  if (lockedElsewhere(world, host, guest)) refuse(lockWords(guest));
  // What a person did on a host that Belay cannot ask is not known to it.
  const now = world.clock.now();
  const asked = world.hosts().some((it) => it !== host && it.domains.has(uuid) && answersNetwork(it, now));
  const stoppedByPersonAt = asked ? guest.stoppedByPersonAt : null;
  world.starts.push({ uuid, at: now, stoppedByPersonAt, bootsFrom: parsed.diskPath });
  const from = otherDiskWords(guest, parsed.diskPath);
  startDomain(world, host, guest, neverRun({ ...parsed, persistent: true, generation }));
  world.tell(`libvirt on ${host.name} starts ${parsed.name} as generation ${generation}${from}.`);
  return { done: true, words: `${parsed.name} was defined and started as generation ${generation}.` };
}

function defineAgain(
  world: World,
  host: SimHost,
  uuid: string,
  { xml, persistent }: { readonly xml: string; readonly persistent: boolean },
  generation: number,
): Outcome {
  const there = host.domains.get(uuid);
  if (there && isActive(there)) refuse(`${there.name} runs, so its definition was left as it is.`);
  if (there && (there.generation ?? 0) > generation) refuse(`A copy of generation ${there.generation} is there.`);
  const parsed = fromXml(xml);
  if (parsed === undefined || parsed.uuid !== uuid) return refuse("XML error: not the definition of this domain");
  const guest = world.guest(uuid);
  if (!guest || !diskOf(guest, parsed.diskPath))
    return refuse(`Cannot access storage file of ${parsed.name}: No such file or directory`);
  if (!persistent) {
    if (there) remove(world, host, there, "destroyed");
    return { done: there !== undefined, words: `${parsed.name} is not defined any more.` };
  }
  const { autostart = false } = there ?? {};
  const { state, reason } = there ?? neverRun(parsed);
  world.set(host, { ...neverRun({ ...parsed, persistent, autostart, generation }), state, reason });
  world.say(host, { uuid, what: "defined updated" });
  return { done: true, words: `${parsed.name} is defined as it was.` };
}

/** At this instant no other host may run it, and none did since the proof was made but by a person's hand. */
export function demandProof(world: World, target: SimHost, guest: SimGuest, proof: Proof): void {
  const carrier = carrierElsewhere(world, target, guest.uuid);
  if (!carrier) return;
  const words = `Belay starts ${guest.name} on ${target.name} while ${carrier.name} runs it, by this proof: ${proof.words}`;
  const byPerson = guest.startedByPersonAt !== null && guest.startedByPersonAt >= world.wall.toWorld(proof.at);
  const lied = carrier.switches.some((it) => it.fault === "lies");
  const autostarted = carrier.domains.get(guest.uuid)?.autostart === true;
  world.accuse(
    1,
    words,
    byPerson
      ? "a person started it by hand after the proof"
      : lied
        ? `the fence device of ${carrier.name} lies`
        : autostarted
          ? "libvirtd starts it after a boot"
          : undefined,
  );
}

function discard(world: World, host: SimHost, uuid: string, below: number): Outcome {
  const domain = host.domains.get(uuid);
  if (!domain) return { done: false, words: "It is not defined there." };
  if ((domain.generation ?? 0) >= below)
    return { done: false, words: `The copy there is of generation ${domain.generation}, not below ${below}.` };
  const others = world.hosts().flatMap((it) => (it === host ? [] : (it.domains.get(uuid) ?? [])));
  const newest = others.every((it) => (it.generation ?? 0) <= (domain.generation ?? 0));
  if (newest && guestAnswers(world, domain))
    world.accuse(3, `Belay discarded the newest copy of ${domain.name}, on ${host.name}.`);
  remove(world, host, domain, "destroyed");
  world.tell(`libvirt on ${host.name} ends and forgets the stale copy of ${domain.name}.`);
  return { done: true, words: `The stale copy of ${domain.name} was removed.` };
}

/** Ends it where it runs, and forgets it. */
function remove(world: World, host: SimHost, domain: SimDomain, reason: "destroyed" | "migrated"): void {
  if (hasProcess(domain) || isActive(domain)) world.turn(host, stopped(domain, reason));
  host.domains.delete(domain.uuid);
  world.say(host, { uuid: domain.uuid, what: "undefined removed" });
}
