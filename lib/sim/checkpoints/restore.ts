import { CheckpointDamaged, HypervisorRefused, type RestoreProgress, type RestoreRequest } from "../../engine/ports.ts";
import type { CheckpointId } from "../../model/index.ts";
import type { Outcome } from "../hypervisor/acts.ts";
import { demandProof, type Proof } from "../hypervisor/copies.ts";
import type { Session } from "../hypervisor/session.ts";
import { fromXml } from "../world/definition.ts";
import { isActive, neverRun } from "../world/domain.ts";
import { answersNetwork } from "../world/net.ts";
import { carrierElsewhere, restoreDomain } from "../world/run.ts";
import type { SimGuest, SimHost } from "../world/types.ts";
import { takesDisk, workOf } from "../world/work.ts";
import type { World } from "../world/world.ts";
import { heldStateOn } from "./held.ts";
import { placeKey, type SavedState } from "./saved.ts";

const askMs = 5;
/** Reading disks and memory of 256 MiB, and QEMU's start; a replica that is ready only starts. */
const readMs = 500;
const startMs = 350;
const replicaMs = 150;

const refuse = (words: string): never => {
  throw new HypervisorRefused(words);
};

/** The checkpoint's bytes, each compared with its checksum. */
export function readState(world: World, id: CheckpointId): SavedState {
  const state = world.saved.states.get(id);
  if (!state) throw new CheckpointDamaged("It is not in the store.");
  if (!state.damaged) return state;
  state.knownDamaged = true;
  throw new CheckpointDamaged("Bytes of it do not have their checksum.");
}

/** Nothing yet, or what makes the restore unnecessary or impossible. */
function look(world: World, host: SimHost, request: RestoreRequest): Outcome | undefined {
  const there = host.domains.get(request.beside?.uuid ?? request.vm.uuid);
  const named = request.beside && [...host.domains.values()].find((it) => it.name === request.beside?.name);
  if (named && named !== there)
    refuse(`operation failed: domain '${named.name}' already exists with uuid ${named.uuid}`);
  if (!there) return undefined;
  if (isActive(there)) {
    if (request.held) {
      if (heldStateOn(world, host, request) !== "gone") return { done: false, words: `${there.name} is held there.` };
      refuse(`${there.name} runs there already, and of something else.`);
    }
    if (request.beside || (there.generation ?? 0) === request.generation)
      return { done: false, words: `${there.name} already runs there as generation ${there.generation ?? 0}.` };
    refuse(`Requested operation is not valid: domain is already active as ${there.name}`);
  }
  if ((there.generation ?? 0) > request.generation)
    refuse(`A copy of generation ${there.generation} is there, and ${request.generation} was to be started.`);
  return undefined;
}

/** Why it cannot become the VM of this definition; undefined: it can. */
export function whyNot(world: World, { checkpoint, vm }: RestoreRequest): string | undefined {
  const detachedAt = world.saved.detached.get(vm.uuid) ?? Number.NEGATIVE_INFINITY;
  const state = world.saved.states.get(checkpoint);
  return state && state.takenAt < detachedAt ? "It had a disk then that it has not any more: vdb." : undefined;
}

export async function restoreOn(
  world: World,
  session: Session,
  request: RestoreRequest,
  proof: Proof | null,
  onProgress: (progress: RestoreProgress) => void,
): Promise<Outcome & { readonly lazy: boolean }> {
  const { host } = session;
  const already = await session.call(askMs, () => look(world, host, request));
  if (already) return { ...already, lazy: false };
  const not = whyNot(world, request);
  if (not !== undefined) refuse(not);
  const isReplica = world.saved.standbys.get(placeKey(host.name, request.vm.uuid)) === request.checkpoint;
  // A replica holds all that it needs.
  const bytesTotal = world.saved.states.get(request.checkpoint)?.captured.wholeBytes ?? 0;
  onProgress({ phase: "reading", bytesDone: 0, bytesTotal });
  if (!isReplica) {
    readState(world, request.checkpoint);
    await session.call(readMs, () => undefined);
    onProgress({ phase: "disks", bytesDone: bytesTotal, bytesTotal });
  }
  const lazy = host.capture === "background";
  const outcome = await session.call(isReplica ? replicaMs : startMs, () => {
    const state = world.saved.states.get(request.checkpoint);
    if (!state) throw new CheckpointDamaged("It is not in the store.");
    return look(world, host, request) ?? start(world, host, request, state, proof);
  });
  onProgress({ phase: "starting", bytesDone: bytesTotal, bytesTotal });
  return { ...outcome, lazy };
}

function start(world: World, host: SimHost, request: RestoreRequest, state: SavedState, proof: Proof | null): Outcome {
  const { vm, beside, generation, held = false } = request;
  const now = world.clock.now();
  refuseAsPlanned(world, host);
  const parsed = fromXml(request.definition);
  const original = world.guest(vm.uuid);
  if (!parsed || parsed.uuid !== vm.uuid || !original) return refuse("XML error: not the definition of this domain");
  const directory = original.diskPath.slice(0, original.diskPath.lastIndexOf("/"));
  if (!original.diskPath.startsWith(localImages) && !host.sharedPaths.includes(directory))
    return refuse(`cannot create path '${directory}': No such file or directory`);
  const diskPath = `${directory}/${original.name}.belay-${++world.saved.disksMade}.qcow2`;
  if (beside) {
    const { uuid, name } = beside;
    const guest = copyOf(original, { uuid, name, diskPath, home: host.name, now });
    world.addGuest(guest);
    restoreDomain(world, host, guest, neverRun({ ...parsed, uuid, name, diskPath, persistent: true }), state);
    world.tell(`libvirt on ${host.name} restores ${name} beside ${vm.name}.`);
    return { done: true, words: `${name} was restored beside ${vm.name}.` };
  }
  if (state.uuid !== vm.uuid) world.accuse(3, `${vm.name} is restored from a checkpoint of another VM.`);
  if (proof) demandProof(world, host, original, proof);
  else if (carrierElsewhere(world, host, vm.uuid))
    world.accuse(1, `Belay restores ${vm.name} on ${host.name} without proof while another host runs it.`);
  const asked = world.hosts().some((it) => it.domains.has(vm.uuid) && answersNetwork(it, now));
  const stoppedByPersonAt = asked ? original.stoppedByPersonAt : null;
  world.starts.push({ uuid: vm.uuid, at: now, stoppedByPersonAt, bootsFrom: null });
  const before = workOf(undefined, original, now);
  takesDisk(original, diskPath, host.name);
  world.saved.standbys.delete(placeKey(host.name, vm.uuid)); // the replica is the VM now
  world.say(host, { uuid: vm.uuid, what: "defined updated" });
  restoreDomain(world, host, original, neverRun({ ...parsed, diskPath, persistent: true, generation }), state, held);
  if (held) {
    const runId = host.domains.get(vm.uuid)?.runId ?? null;
    const answersInMs = state.memory?.answersInMs ?? original.bootMs;
    world.saved.heldRuns.set(vm.uuid, { host: host.name, runId, checkpoint: state.id, answersInMs });
  } else world.saved.went.push({ uuid: vm.uuid, checkpoint: state.id, at: now });
  const lostMs = before.doneMs - state.work.doneMs;
  const truth = world.saved.truth.get(state.id);
  world.saved.restores.push({
    ...{ uuid: vm.uuid, checkpoint: state.id, diskPath, host: host.name, at: now, takenAt: state.takenAt, lostMs },
    real: truth?.uuid === vm.uuid && truth.work === state.work,
    undamaged: ![...world.saved.states.values()].some((it) => it.vmId === state.vmId && it.damaged),
  });
  const back = `which loses ${(lostMs / 1000).toFixed(1)} s of its work`;
  world.tell(
    `libvirt on ${host.name} restores ${parsed.name} as generation ${generation}, ${held ? "held, " : ""}${back}.`,
  );
  return {
    done: true,
    words: `${parsed.name} was restored as generation ${generation}${held ? ", and is held" : ""}.`,
  };
}

function refuseAsPlanned({ saved }: World, { name }: SimHost): void {
  const left = saved.refusals.get(name) ?? 0;
  if (left === 0) return;
  saved.refusals.set(name, left - 1);
  refuse("internal error: qemu unexpectedly closed the monitor: load of migration failed: Invalid argument");
}

/** Where disks lie that no other host sees: the directory is on every host. */
const localImages = "/var/lib/libvirt/images/";

/** It looks like the other one inside, and its links are down. */
const copyOf = (
  guest: SimGuest,
  { now, ...own }: Pick<SimGuest, "uuid" | "name" | "diskPath" | "home"> & { readonly now: number },
): SimGuest => ({
  ...guest,
  ...own,
  otherDisks: new Map(),
  work: { ...guest.work, countedTo: now },
  ...{ address: "", unplugged: true, counters: null, diskError: null, diesAfterMs: null },
  ...{ startedByPersonAt: null, copiedByPersonAt: null, stoppedByPersonAt: null },
});
