import type { Host, HostId, MaintenanceId, Move, Vm } from "../../model/index.ts";
import { ceaseCapture } from "../checkpoints/in-hand.ts";
import type { Env } from "../env.ts";
import { underRepair } from "../look.ts";
import { HostUnreachable, HypervisorRefused } from "../ports.ts";
import { comesItself, makeRoom } from "../repair/places-replicas.ts";
import { movesInHand } from "./on-its-way.ts";
import { progressWriter } from "./progress.ts";
import { whereIs } from "./where.ts";

/** The longest that one VM may be on its way. */
const moveWithinMs = 60 * 60_000;
/** After a move broke, until it is clear on which host the VM is. */
const settleWithinMs = 5 * 60_000;
const settleEveryMs = 1_000;

/** A capture is not thrown away for a move that can wait a moment. */
const captureEndsWithinMs = 15_000;

const movedWords = "It was moved here while it ran.";
const notClear = "It is not clear on which host it is now.";

/** `refused`: the hypervisors would not do it. Else a host could not be asked, which says nothing of whether it would. */
export interface NotMoved {
  readonly words: string;
  readonly refused: boolean;
}

export const moveOf = (vm: Pick<Vm, "id" | "name">, over: Partial<Move>): Move => ({
  ...{ vmId: vm.id, name: vm.name, toHostId: null, state: "waiting", phase: null, percent: 0 },
  ...{ bytesDone: 0, bytesTotal: 0, words: null },
  ...over,
});

/** Waits until one of the two hosts alone has the VM, and writes down whose it is. `undefined` when that did not become clear. */
export async function settle(env: Env, vm: Vm, to: HostId): Promise<"here" | "there" | undefined> {
  const { store, clock } = env;
  const deadline = clock.monotonicMs() + settleWithinMs;
  while (clock.monotonicMs() < deadline) {
    const now = await store.vm(vm.id);
    if (now === undefined) return "here"; // forgotten meanwhile
    if (now.hostId !== vm.hostId) return "there"; // a repair, or an earlier try, has written it already
    const where = await whereIs(env, vm, vm.hostId, to);
    if (where === "there") {
      await store.recordMoved(vm.id, to, movedWords, clock.now());
      return "there";
    }
    if (where === "here") {
      await store.recordMoving(vm.id, null, clock.now());
      return "here";
    }
    await clock.sleep(settleEveryMs);
  }
  return undefined;
}

/**
 * Moves one VM to another host while it runs, and writes its progress. Done twice, or gone on with after a crash, it looks first where the VM is.
 * Gives undefined when it is there, else why it is not.
 */
export async function moveVm(env: Env, id: MaintenanceId, vm: Vm, to: Host): Promise<NotMoved | undefined> {
  movesInHand(env).add(vm.id);
  try {
    return await move(env, id, vm, to);
  } finally {
    movesInHand(env).delete(vm.id);
  }
}

async function move(env: Env, id: MaintenanceId, vm: Vm, to: Host): Promise<NotMoved | undefined> {
  const { store, hypervisor, clock } = env;
  const write = (move: Move) => store.recordMove(id, move, clock.now());
  if (vm.movingTo !== null) {
    const where = await settle(env, vm, vm.movingTo);
    if (where === undefined) return { words: notClear, refused: true };
    if (where === "there") {
      await write(moveOf(vm, { toHostId: vm.movingTo, state: "moved", percent: 100 }));
      return undefined;
    }
  }
  await store.recordMoving(vm.id, to.id, clock.now());
  if (await underRepair(env, vm)) {
    // It failed right now: a repair that is at work on it and a move must not meet.
    await store.recordMoving(vm.id, null, clock.now());
    return { words: "A repair is at work on it; it is moved when that is done.", refused: false };
  }
  if (!(await ceaseCapture(env, vm.id, captureEndsWithinMs))) {
    await store.recordMoving(vm.id, null, clock.now());
    return { words: "Its state is being saved, and that does not end; it is moved after that.", refused: false };
  }
  const begun = moveOf(vm, { toHostId: to.id, state: "moving", phase: "beginning" });
  await write(begun);
  const progress = progressWriter(env, begun, write);
  const tooLong = new AbortController();
  const over = new AbortController();
  void clock.sleep(moveWithinMs, over.signal).then(
    () => tooLong.abort(new HypervisorRefused(`The move took longer than ${moveWithinMs / 60_000} minutes.`)),
    () => undefined,
  );
  let trouble: NotMoved | undefined;
  try {
    await comesItself(env, vm.id, to.id);
    await makeRoom(env, undefined, to.id);
    await hypervisor.migrate(vm.hostId, vm.uuid, to, vm.generation, (it) => progress.hear(it), tooLong.signal);
  } catch (error) {
    if (!(error instanceof HostUnreachable || error instanceof HypervisorRefused)) throw error;
    trouble = { words: error.message, refused: error instanceof HypervisorRefused };
  } finally {
    over.abort();
  }
  const last = await progress.end();
  if (trouble === undefined) {
    // Unless its host was lost at that moment and a repair has given it to another one: that is looked into by who sees both.
    if ((await store.vm(vm.id))?.hostId === vm.hostId) await store.recordMoved(vm.id, to.id, movedWords, clock.now());
    await write({ ...last, state: "moved", phase: null, percent: 100 });
    return undefined;
  }
  const where = await settle(env, vm, to.id);
  if (where === "there") {
    await write({ ...last, state: "moved", phase: null, percent: 100 });
    return undefined;
  }
  return where === "here" ? trouble : { words: `${notClear} ${trouble.words}`, refused: true };
}
