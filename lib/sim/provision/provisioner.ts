import { HostUnreachable, HypervisorRefused, type Provisioner } from "../../engine/ports.ts";
import type { HostId } from "../../model/index.ts";
import { accuseIfWell, type Outcome } from "../hypervisor/acts.ts";
import type { Session } from "../hypervisor/session.ts";
import { isActive, neverRun, stopped } from "../world/domain.ts";
import { carrierOf } from "../world/run.ts";
import type { SimGuest, SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";

/** A disk over its image, a seed, a definition: no data is copied. */
const makeMs = 300;
const removeMs = 150;
const renewMs = 200;
const bootMs = 4000;

const refuse = (words: string): never => {
  throw new HypervisorRefused(words);
};

/** Its own local directory is on every host; others are there where the host shares them. */
const localImages = "/var/lib/libvirt/images";
const hasDirectory = (host: SimHost, directory: string): boolean =>
  directory === localImages || host.sharedPaths.some((path) => directory === path || directory.startsWith(`${path}/`));

const source = /<source file="([^"]*)"/;

/** VMs from images, on that world: what is in an image plays no part, but that a fresh disk holds nothing of the work done before. */
export function simulatedProvisioner(world: World, sessionOf: (host: HostId) => Session | undefined): Provisioner {
  const sessionTo = (host: HostId): Session => {
    const session = sessionOf(host);
    if (session === undefined || session.ended.aborted)
      throw new HostUnreachable("There is no connection to the host.");
    return session;
  };

  return {
    async make(host, allocation, image, _network, directory) {
      const session = sessionTo(host);
      return session.call(makeMs, () => {
        const on = session.host;
        const { uuid, name, memoryMiB, vcpus, id, address } = allocation;
        if (on.domains.has(uuid)) return { words: `${name} is defined there already.` };
        if (!hasDirectory(on, directory)) return refuse(`cannot create '${directory}': No such file or directory`);
        const diskPath = `${directory}/${id}.qcow2`;
        const guest = world.guest(uuid);
        if (guest === undefined)
          world.addGuest(guestOf({ uuid, name, address, diskPath, home: on.name }, world.clock.now()));
        // What a person stopped and undefined before anybody knew that it was there is gone. What is made anew was stopped by nobody.
        else if (!world.hosts().some((it) => it.domains.has(uuid))) guest.stoppedByPersonAt = null;
        world.set(on, neverRun({ uuid, name, memoryMiB, vcpus, diskPath, persistent: true, generation: 0 }));
        world.say(on, { uuid, what: "defined added" });
        world.tell(`${name} is made on ${on.name} from the image ${image.name}.`);
        return { words: `${name} was made.` };
      });
    },
    async remove(host, uuid) {
      const session = sessionTo(host);
      return session.call(removeMs, () => remove(world, session.host, uuid));
    },
    async renewDisk(host, vm, definition, image, label) {
      const session = sessionTo(host);
      const begunAt = world.clock.now();
      return session.call(renewMs, () => {
        const guest = world.guest(vm.uuid) ?? refuse(`Domain not found: no domain with matching uuid '${vm.uuid}'`);
        const present = source.exec(definition)?.[1] ?? refuse("XML error: the definition names no disk");
        const directory = present.slice(0, present.lastIndexOf("/"));
        const fresh = `${directory}/${vm.name}.${label}.qcow2`;
        const result = {
          definition: definition.replace(source, `<source file="${fresh}"`),
          diskPaths: [fresh],
        };
        if (present === fresh || guest.diskPath === fresh || guest.otherDisks.has(fresh))
          return { ...result, words: "The fresh disk is there." };
        if (!hasDirectory(session.host, directory))
          return refuse(`cannot create '${fresh}': No such file or directory`);
        const carrier = carrierOf(world, vm.uuid);
        // What was begun is done though Belay dies: a file beside the disk that it runs from.
        const byPerson = guest.startedByPersonAt !== null && guest.startedByPersonAt >= begunAt;
        const excuse = byPerson ? "a person started it while its disk was being made" : undefined;
        if (carrier) world.accuse(3, `Belay made ${vm.name} a fresh disk while it runs on ${carrier.name}.`, excuse);
        guest.otherDisks.set(fresh, { home: session.host.name, doneMs: 0 });
        world.tell(`${vm.name} gets a fresh disk on ${session.host.name}, from the image ${image.name}.`);
        return { ...result, words: `A fresh disk was made from ${image.name}.` };
      });
    },
    async removeOlderDisks(host, vm, keep) {
      const session = sessionTo(host);
      return session.call(removeMs, () => {
        const disks = world.guest(vm.uuid)?.otherDisks ?? new Map<string, unknown>();
        const older = [...disks.keys()].filter((file) => isFresh(vm.name, file) && !keep.includes(file));
        for (const file of older) disks.delete(file);
        if (older.length > 0) world.tell(`Older disks of ${vm.name} are removed: ${older.length}.`);
        return { words: `Older disks were removed: ${older.length}.` };
      });
    },
  };
}

/** Only what such renewals have made is theirs to remove. */
const isFresh = (name: string, file: string): boolean => file.includes(`/${name}.rep_`);

function remove(world: World, host: SimHost, uuid: string): Outcome {
  const domain = host.domains.get(uuid);
  if (!domain) return { done: false, words: "It is not defined there." };
  if (isActive(domain)) {
    accuseIfWell(world, domain, "removed");
    world.turn(host, stopped(domain, "destroyed"));
  }
  host.domains.delete(uuid);
  world.say(host, { uuid, what: "undefined removed" });
  world.tell(`${domain.name} is taken away from ${host.name}, with its disk.`);
  return { done: true, words: `${domain.name} was taken away.` };
}

const guestOf = (own: Pick<SimGuest, "uuid" | "name" | "address" | "diskPath" | "home">, now: number): SimGuest => ({
  ...own,
  ...{ bootMs, onCrash: "preserve", otherDisks: new Map(), diskError: null, diesAfterMs: null },
  work: { boot: 1, doneMs: 0, nextBoot: 2, countedTo: now },
  ...{ hung: false, spins: false, unplugged: false, counters: null },
  ...{ startedByPersonAt: null, copiedByPersonAt: null, stoppedByPersonAt: null },
});
