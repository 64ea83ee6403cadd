import { type Copies, type DomainCopy, HypervisorRefused } from "../engine/ports.ts";
import {
  type Connection,
  defineDomain,
  destroyDomain,
  findDomain,
  isLibvirtError,
  isNoDomain,
  isOperationInvalid,
  isUnsupported,
  listDomains,
  qmp,
  readMetadata,
  startDomain,
  undefineDomain,
} from "../libvirt/index.ts";
import type { HostId } from "../model/index.ts";
import type { Outcome } from "./act.ts";
import { generationOf, metadataUri, withGeneration } from "./definition.ts";
import { asking } from "./errors.ts";
import type { HostLinks } from "./links.ts";
import { migrate } from "./migrate.ts";
import { readVitals } from "./vitals.ts";

interface Found {
  readonly generation: number | null;
  readonly active: boolean;
}

/** The generation of a domain that the host knows; null also where it vanished meanwhile. */
const readGeneration = (connection: Connection, uuid: string): Promise<number | null> =>
  readMetadata(connection, { uuid }, { type: "element", uri: metadataUri }).then(generationOf, (error: unknown) => {
    if (isNoDomain(error)) return null;
    throw error;
  });

async function find(connection: Connection, uuid: string): Promise<Found | undefined> {
  const ref = await findDomain(connection, { uuid });
  return ref && { generation: await readGeneration(connection, uuid), active: ref.id >= 0 };
}

async function copiesOn(connection: Connection): Promise<DomainCopy[]> {
  const copies: DomainCopy[] = [];
  for (const { domain } of await listDomains(connection)) {
    const generation = await readGeneration(connection, domain.uuid);
    copies.push({ uuid: domain.uuid, name: domain.name, generation, active: domain.id >= 0 });
  }
  return copies;
}

/** Of an UEFI domain the variables stay, as its disks do; what libvirt keeps of snapshots and of a saved memory goes. */
const undefineFlags = { managedSave: true, snapshotsMetadata: true, checkpointsMetadata: true, keepNvram: true };

const ignoring =
  (...known: ((error: unknown) => boolean)[]) =>
  (error: unknown) => {
    if (!known.some((is) => is(error))) throw error;
  };

async function forget(connection: Connection, uuid: string): Promise<void> {
  const undefine = undefineDomain(connection, { uuid }, undefineFlags).catch((error: unknown) => {
    if (isUnsupported(error) || isLibvirtError(error, "INVALID_ARG")) return undefineDomain(connection, { uuid });
    throw error;
  });
  await undefine.catch(ignoring(isNoDomain, isOperationInvalid)); // a transient one went with its process
}

/** Ends a domain and forgets it. True when the host does not know it any more; each step may find that somebody was quicker. */
async function remove(connection: Connection, uuid: string): Promise<boolean> {
  await destroyDomain(connection, { uuid }).catch(ignoring(isNoDomain, isOperationInvalid));
  await forget(connection, uuid);
  return (await findDomain(connection, { uuid })) === undefined;
}

/** RARP frames for half a second: enough for every switch on the way, also one that misses the first. */
const announcement = { initial: 50, max: 200, rounds: 5, step: 50 } as const;
const announceWithinMs = 2_000;

/**
 * Lets QEMU say on the network where the guest's cards are now. A switch believes where it last saw them, and a guest that boots and
 * waits to be asked is not found for as long as a neighbour's ARP entry lasts: 30 s were seen. Without it the guest is only found later.
 * libvirt has no call of its own for it, so it goes past libvirt, which marks the domain as tainted ("custom-monitor").
 */
async function announce(connection: Connection, uuid: string): Promise<void> {
  await qmp(connection, { uuid }, "announce-self", announcement, { timeoutMs: announceWithinMs }).catch(
    () => undefined,
  );
}

async function startElsewhere(
  connection: Connection,
  uuid: string,
  definition: string,
  generation: number,
): Promise<Outcome> {
  const here = await find(connection, uuid);
  const theirs = here?.generation ?? 0;
  if (theirs > generation)
    throw new HypervisorRefused(
      `The host has a newer copy of it: generation ${theirs}, and ${generation} was to start.`,
    );
  if (here?.active) {
    if (theirs === generation) return { done: false, words: "It runs there already." };
    throw new HypervisorRefused(
      `An older copy of it runs there: generation ${theirs}, and ${generation} was to start.`,
    );
  }
  const xml = withGeneration(definition, generation);
  await defineDomain(connection, xml);
  try {
    await startDomain(connection, { uuid });
  } catch (error) {
    const now = await find(connection, uuid);
    if (now?.active && now.generation === generation) {
      await announce(connection, uuid);
      return { done: true, words: "Started." };
    }
    // A lock that another QEMU holds on a disk, a disk that is not there: what does not run here must not stay here as ours.
    if (here === undefined && isLibvirtError(error)) await remove(connection, uuid);
    throw error;
  }
  await announce(connection, uuid);
  return { done: true, words: "Started." };
}

async function defineAgain(
  connection: Connection,
  uuid: string,
  { xml, persistent }: { readonly xml: string; readonly persistent: boolean },
  generation: number,
): Promise<Outcome> {
  const here = await find(connection, uuid);
  const theirs = here?.generation ?? 0;
  if (here?.active) throw new HypervisorRefused("It runs, so its definition was left as it is.");
  if (theirs > generation) throw new HypervisorRefused(`The host has a newer copy of it: generation ${theirs}.`);
  if (!persistent) {
    if (here === undefined) return { done: false, words: "There is no definition of it." };
    await forget(connection, uuid);
    return { done: true, words: "Its definition was removed." };
  }
  await defineDomain(connection, withGeneration(xml, generation));
  return { done: true, words: "Defined as it was." };
}

async function discard(connection: Connection, uuid: string, below: number): Promise<Outcome> {
  const here = await find(connection, uuid);
  if (here === undefined) return { done: false, words: "There is no copy of it." };
  const generation = here.generation ?? 0; // never started elsewhere: older than all
  if (generation >= below)
    return { done: false, words: `The copy was left alone: it is of generation ${generation}, not below ${below}.` };
  if (!(await remove(connection, uuid))) throw new HypervisorRefused("The stale copy is still there.");
  return {
    done: true,
    words: `A stale copy of generation ${generation} was ${here.active ? "ended and " : ""}removed.`,
  };
}

async function release(connection: Connection, uuid: string): Promise<Outcome> {
  if ((await findDomain(connection, { uuid })) === undefined) return { done: false, words: "It is not there." };
  if (!(await remove(connection, uuid))) throw new HypervisorRefused("It is still there after it was removed.");
  return { done: true, words: "It was switched off and removed from the host." };
}

/** Copies of VMs on real hosts. Everything here looks before it acts, and may be done twice. */
export function createCopies(links: HostLinks): Copies {
  const on = <T>(host: HostId, work: (connection: Connection) => Promise<T>): Promise<T> =>
    asking(async () => work(links.of(host).connection()));
  return {
    copiesOn: (host) => on(host, copiesOn),
    startElsewhere: (target, vm, definition, generation) =>
      on(target, (connection) => startElsewhere(connection, vm.uuid, definition, generation)),
    defineAgain: (host, uuid, definition, generation) =>
      on(host, (connection) => defineAgain(connection, uuid, definition, generation)),
    discard: (host, uuid, below) => on(host, (connection) => discard(connection, uuid, below)),
    release: (host, uuid) => on(host, (connection) => release(connection, uuid)),
    migrate: (from, uuid, to, generation, onProgress, signal) =>
      asking(() =>
        migrate({ from: links.of(from), to: links.of(to.id), target: to, uuid, generation, onProgress, signal }),
      ),
    vitals: (host, uuid) => on(host, (connection) => readVitals(connection, uuid)),
  };
}
