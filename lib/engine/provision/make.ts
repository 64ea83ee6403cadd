import type { Allocation, AllocationId, HostId, Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { HostUnreachable, HypervisorRefused } from "../ports.ts";
import { isOffByHand } from "../repair/off-by-hand.ts";
import { isLeftOff, madeWords } from "./made.ts";
import { directoryOn, placeFor } from "./place.ts";

/** How long it waits for a place, and for its host. */
const placeWithinMs = 30_000;
const madeWithinMs = 10 * 60_000;
const hostsTried = 3;

/** For one life of the engine: hosts that refused it, and the order in which places are found. */
export interface Making {
  readonly refused: Map<AllocationId, Set<HostId>>;
  /** Since when this life has tried, on the clock that is never set. */
  readonly since: Map<AllocationId, number>;
  /** The VM where a repair is taking it: that room is taken. */
  readonly promised: (vm: Vm) => Vm;
  /** One place at a time: the next must see that it is taken. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** By the time of day, which outlives a life of the engine, or by that of this life, which is never set. */
function waitedFor({ clock }: Env, { since }: Making, { id, askedAt }: Allocation, ms: number): boolean {
  const first = since.get(id) ?? clock.monotonicMs();
  since.set(id, first);
  return clock.now() >= askedAt + ms || clock.monotonicMs() >= first + ms;
}

type Placed = Allocation & { readonly hostId: HostId };

/** Its host is written before anything is made there: a crash in between must not lead to another one. */
async function placed(env: Env, making: Making, asked: Allocation): Promise<Placed | undefined> {
  const { store, clock } = env;
  if (asked.hostId !== null) return { ...asked, hostId: asked.hostId };
  return making.inTurn(async () => {
    const image = await store.image(asked.imageId);
    if (image === undefined) return fail(env, asked, "The image is not there any more.");
    const place = await placeFor(env, asked, image, making.refused.get(asked.id) ?? new Set(), making.promised);
    if ("refusal" in place)
      return waitedFor(env, making, asked, placeWithinMs) ? fail(env, asked, place.refusal) : undefined;
    const hostId = place.host.id;
    const words = "Its disk and its definition are being made.";
    await store.recordAllocation(asked.id, { state: "making", words, hostId }, clock.now());
    return { ...asked, state: "making", hostId };
  });
}

async function fail(env: Env, { id }: Allocation, words: string): Promise<undefined> {
  await env.store.recordAllocation(id, { state: "failed", words }, env.clock.now());
  return undefined;
}

/** `seen`: how it was found last. */
async function made({ store, clock }: Env, id: AllocationId, vm: Vm, seen: Pick<Vm, "state" | "reason">): Promise<Vm> {
  await store.recordAllocation(id, { state: "running", words: madeWords(seen), vmId: vm.id }, clock.now());
  return vm;
}

/**
 * What was made on a host that refused it, or that could not be waited for any longer, is taken away again before it is given up there: "gone".
 * "left-off": an earlier life of Belay started it, and a person has switched it off before any hand was laid on it.
 */
async function takeBack(
  env: Env,
  { id, uuid, takingBack }: Allocation,
  hostId: HostId,
  directory: string,
): Promise<"gone" | "left-off" | "not-asked"> {
  const { store, clock, provisioner, hypervisor } = env;
  let begun = takingBack;
  const say = (words: string) => store.recordAllocation(id, { state: "making", words, takingBack: begun }, clock.now());
  if ((await store.host(hostId)) === undefined) return "gone";
  try {
    if (!begun) {
      if (isOffByHand(await hypervisor.readDomain(hostId, uuid))) return "left-off";
      begun = true; // written before a hand is laid on it
      await say("It is taken away from the machine that it was to run on.");
    }
    await provisioner.remove(hostId, uuid, directory);
    return "gone";
  } catch (error) {
    if (!(error instanceof HostUnreachable || error instanceof HypervisorRefused)) throw error;
    if (!begun && error instanceof HostUnreachable)
      await say("The machine that it was to run on cannot be asked. It is given up as soon as it can.");
    return "not-asked"; // it may have been made there: its address is nobody else's before that is known
  }
}

/** From now on it is watched, and its owner's. */
async function handOver(env: Env, { id, uuid }: Placed, hostId: HostId): Promise<Vm | undefined> {
  const { store, clock, hypervisor } = env;
  const sight = await hypervisor.readDomain(hostId, uuid);
  if (sight === undefined) return undefined;
  const definition = await hypervisor.readDefinition(hostId, uuid);
  // Why it is off is news to the first look at it, which takes a stop by hand as a wish: so it is not written down here.
  const unread = { ...sight, state: "unknown", reason: "none" } as const;
  const seen = sight.state === "stopped" ? unread : sight;
  const vm = await store.adoptVm(hostId, seen, definition, "running", clock.now());
  return made(env, id, await store.recordAllocated(id, vm.id, clock.now()), sight);
}

/**
 * Makes what was asked for, starts it, and has it watched. Gives the VM once it is there; undefined: it ended otherwise, which is written, or is
 * gone on with at the next look. Each part may be done twice.
 */
export async function makeVm(env: Env, making: Making, asked: Allocation): Promise<Vm | undefined> {
  const { store, clock, provisioner, hypervisor, log } = env;
  // It was made, and is its owner's by now: whatever became of it since, it is never taken back for an allocation that was not written to its end.
  const known = asked.vmId === null ? undefined : await store.vm(asked.vmId);
  if (known !== undefined) return made(env, asked.id, known, known);
  const allocation = await placed(env, making, asked);
  if (allocation === undefined) return undefined;
  const { id, hostId, uuid } = allocation;
  // Only who has made and started it has it watched before this is written: that life of Belay died in between.
  const watched = (await store.vmsOf(hostId)).find((vm) => vm.uuid === uuid);
  if (watched !== undefined) return made(env, id, await store.recordAllocated(id, watched.id, clock.now()), watched);
  const [image, host, { network }] = await Promise.all([
    store.image(asked.imageId),
    store.host(hostId),
    store.policy(),
  ]);
  if (host === undefined) return fail(env, allocation, "The machine that it was to run on was removed.");
  if (image === undefined) return fail(env, allocation, "The image is not there any more.");
  const directory = directoryOn(host, image);
  if (network === null || directory === undefined)
    return fail(env, allocation, "The provider changed its network or its directories meanwhile.");
  const late = waitedFor(env, making, asked, madeWithinMs) || host.standing !== "in-use";
  const back = late ? await takeBack(env, allocation, hostId, directory) : undefined;
  if (back === "gone")
    return fail(env, allocation, "The machine that it was to run on failed, or is worked on. Ask again.");
  if (back === "not-asked") return undefined;
  try {
    if (back === undefined) {
      await provisioner.make(hostId, allocation, image, network, directory);
      // A life that died after its start has forgotten that it made it, and what a person did to it since is no failure.
      if (!isLeftOff(allocation, await hypervisor.readDomain(hostId, uuid)))
        await hypervisor.act(hostId, uuid, "start");
    }
    return await handOver(env, allocation, hostId);
  } catch (error) {
    if (error instanceof HostUnreachable) return undefined;
    if (!(error instanceof HypervisorRefused)) throw error;
    log.warn(`a host refused to carry ${allocation.name}: ${error.message}`, { host: hostId });
    return anotherHost(env, making, allocation, directory);
  }
}

/** The host refused it: another one, or, when enough did, none. */
async function anotherHost(env: Env, making: Making, allocation: Placed, directory: string): Promise<undefined> {
  const { store, clock } = env;
  const { id, hostId } = allocation;
  if ((await takeBack(env, allocation, hostId, directory)) !== "gone") return undefined;
  const refused = (making.refused.get(id) ?? new Set()).add(hostId);
  making.refused.set(id, refused);
  const image = await store.image(allocation.imageId);
  const place =
    image === undefined || refused.size >= hostsTried
      ? { refusal: "The machines that were chosen for it refused it." }
      : await making.inTurn(() => placeFor(env, allocation, image, refused, making.promised));
  if ("refusal" in place) return fail(env, allocation, `It could not be made. ${place.refusal}`);
  const words = "The first machine refused it: it is being made on another one.";
  await store.recordAllocation(id, { state: "making", words, hostId: place.host.id }, clock.now());
  return undefined;
}
