import { idsOfGroup, newestValid, obstacleTo } from "../../decide/index.ts";
import type { Checkpoint, CheckpointId, HostId, Vm, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import {
  type Captured,
  CaptureFailed,
  type CaptureProgress,
  type CaptureRequest,
  CheckpointDamaged,
  HostUnreachable,
} from "../ports.ts";
import { capturesInHand } from "./in-hand.ts";
import { reconcileVm, standingOf } from "./keep-few.ts";
import { type Memories, runOf, type VmMemory } from "./memory.ts";
import { Patience } from "./patience.ts";

const probeWithinMs = 15_000;
const sweepWithinMs = 15_000;
const offerHoldsMs = 10 * 60_000;
/** How long it may take to give a capture up. */
const endsWithinMs = 30_000;

/** It was we who gave it up, since it hung: unlike what others cancel that is a failure. */
class Hung extends CaptureFailed {}

/** How a capture of one or several VMs ended. */
export type CaptureEnd =
  | { readonly kind: "done"; readonly rows: readonly Checkpoint[]; readonly vms: readonly Vm[] }
  /** It cannot be now, and nothing went wrong. */
  | { readonly kind: "obstacle"; readonly words: string }
  /** Given up by us. */
  | { readonly kind: "cancelled" }
  | { readonly kind: "store-full"; readonly words: string }
  | { readonly kind: "failed"; readonly words: string };

export interface CaptureAsked {
  readonly vms: readonly VmId[];
  /** A person asked for it, under this name. */
  readonly kept: CheckpointId | undefined;
}

const known = "Nothing is known of it any more.";
const failing = "It has a failure that is not over.";
const many = (words: string, count: number): string => (count === 1 ? words : `Of a VM of its group: ${words}`);

/** Each as it is now, with the host: what the plan was made from may be old. */
async function freshly(env: Env, ids: readonly VmId[]): Promise<{ readonly vms: Vm[] } | { readonly words: string }> {
  const vms: Vm[] = [];
  for (const id of ids) {
    const vm = await env.store.vm(id);
    if (vm === undefined) return { words: known };
    const words = obstacleTo(vm, await env.store.host(vm.hostId));
    if (words !== undefined) return { words: many(words, ids.length) };
    if ((await env.store.openIncidentsOf(vm.hostId)).has(id)) return { words: many(failing, ids.length) };
    vms.push(vm);
  }
  return { vms };
}

/** What a capture that was cut short left on the VM's host is taken away. Twice is once. */
export async function sweep(env: Env, vm: Vm, memory: VmMemory): Promise<void> {
  const swept = env.checkpoints.sweep(vm.hostId, vm).then(() => true);
  if (!(await within(env.clock, sweepWithinMs, swept, false)))
    throw new HostUnreachable("What a capture may have left on the host could not be looked for in time.");
  memory.unswept = false;
  memory.sweptOn = vm.hostId;
}

/** Before a capture: nothing is left of the one before it, and the two lists of checkpoints are made the same. */
async function settle(env: Env, vm: Vm, memory: VmMemory): Promise<void> {
  if (memory.unswept || memory.sweptOn !== vm.hostId) await sweep(env, vm, memory);
  if (!memory.reconciled) memory.reconciled = await reconcileVm(env, vm);
}

async function probe(env: Env, vm: Vm, memory: VmMemory): Promise<void> {
  const { clock, checkpoints } = env;
  const run = runOf(vm);
  const holds =
    memory.offer?.method != null &&
    memory.offerFor === run &&
    memory.lastFailure === null &&
    clock.monotonicMs() < memory.offerAtMs + offerHoldsMs;
  if (holds) return;
  const offer = await within(clock, probeWithinMs, checkpoints.probe(vm.hostId, vm), undefined);
  if (offer === undefined) throw new HostUnreachable("Its host did not say in time how it can be saved.");
  memory.offer = offer;
  memory.offerFor = run;
  memory.offerAtMs = clock.monotonicMs();
}

async function take(
  env: Env,
  requests: readonly CaptureRequest[],
  cancelled: AbortController,
): Promise<ReadonlyMap<VmId, Captured>> {
  const { checkpoints, clock } = env;
  const [first] = requests;
  if (first === undefined) return new Map();
  const patience = new Patience(clock);
  const heard = (progress: CaptureProgress) => patience.heard(progress);
  const work =
    requests.length === 1
      ? checkpoints.capture(first, cancelled.signal, heard).then((it) => new Map([[first.vm.id, it]]))
      : checkpoints.captureGroup(requests, cancelled.signal, heard);
  const inTime = await patience.for(work);
  if (inTime !== undefined) return inTime;
  cancelled.abort("It took too long.");
  await within(
    clock,
    endsWithinMs,
    work.catch(() => undefined),
    undefined,
  );
  throw new Hung("interrupted", "It did not get on for 15 minutes, or was slower than is of use, and was given up.");
}

/** Captures the VMs at one instant, and writes it down. Everything is read anew; whoever moves or repairs one of them finds it in hand. */
export async function capture(env: Env, memories: Memories, { vms: ids, kept }: CaptureAsked): Promise<CaptureEnd> {
  const inHand = capturesInHand(env);
  if (ids.some((id) => inHand.has(id))) return { kind: "obstacle", words: "It is being saved right now." };
  const cancelled = new AbortController();
  let over = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const mine = { begunMs: env.clock.monotonicMs(), ended, cancel: (why: string) => cancelled.abort(why) };
  for (const id of ids) inHand.set(id, mine); // before anything is read: see `ceaseCapture`
  try {
    const fresh = await freshly(env, ids);
    if ("words" in fresh) return { kind: "obstacle", words: fresh.words };
    const end = await captureFresh(env, memories, fresh.vms, kept, cancelled);
    for (const { id } of fresh.vms) {
      const memory = memories.of(id);
      memory.lastFailure = end.kind === "failed" ? end.words : end.kind === "done" ? null : memory.lastFailure;
      if (end.kind !== "done") memory.unswept = true;
      // Its answer may be what was lost: what the store has of it is told or dropped before the next.
      if (end.kind === "failed" || end.kind === "cancelled") memory.reconciled = false;
    }
    return end;
  } finally {
    for (const id of ids) inHand.delete(id);
    over();
  }
}

async function captureFresh(
  env: Env,
  memories: Memories,
  vms: readonly Vm[],
  kept: CheckpointId | undefined,
  cancelled: AbortController,
): Promise<CaptureEnd> {
  const { store, clock, ids, log } = env;
  const requests: CaptureRequest[] = [];
  const bases = new Map<VmId, CheckpointId>();
  try {
    let names: readonly CheckpointId[] | undefined;
    for (const [index, vm] of vms.entries()) {
      const memory = memories.of(vm.id);
      await settle(env, vm, memory);
      await probe(env, vm, memory);
      const method = memory.offer?.method ?? null;
      if (method === null) return { kind: "failed", words: many(memory.offer?.words ?? "No way works.", vms.length) };
      const base = memory.baseless ? undefined : newestValid(await env.store.checkpointsOf(vm.id))?.id;
      if (base !== undefined) bases.set(vm.id, base);
      names ??= vms.length === 1 ? [kept ?? ids.next("ckp")] : idsOfGroup(ids.next("ckp"), vms.length);
      const id = names[index];
      if (id !== undefined) requests.push({ id, vm, method, base: base ?? null });
    }
    const standing = await standingOf(env);
    // The store may read all that it has, after a start: it is no failure of the VM's, and is tried again soon.
    if (standing === undefined) return { kind: "obstacle", words: "The store of saved states does not answer now." };
    if (cancelled.signal.aborted) return { kind: "cancelled" };
    const taken = await take(env, requests, cancelled);
    const rows = requests.flatMap(({ id, vm }): Checkpoint[] => {
      const captured = taken.get(vm.id);
      const { generation, runId } = vms.find((it) => it.id === vm.id) ?? { generation: 0, runId: null };
      const row = { id, vmId: vm.id, state: "valid", generation, runId: runId ?? 0, verifiedAt: null } as const;
      return captured === undefined ? [] : [{ ...captured, ...row, kept: kept !== undefined }];
    });
    for (const row of rows) await store.recordCheckpoint(row, clock.now(), standing.store);
    for (const { id } of vms) memories.of(id).baseless = false;
    return { kind: "done", rows, vms };
  } catch (error) {
    const isOurs = error instanceof CheckpointDamaged || error instanceof Hung;
    if (cancelled.signal.aborted && !isOurs) return { kind: "cancelled" };
    if (error instanceof HostUnreachable) return { kind: "obstacle", words: "Its host is not connected." };
    if (error instanceof CheckpointDamaged) {
      const words = "What was saved before is damaged: the next one compares with nothing.";
      log.warn(`the newest checkpoint is damaged: ${error.message}`, { vms: vms.map((vm) => vm.name) });
      // Of a group it is not said whose.
      for (const id of vms.length === 1 ? bases.values() : [])
        await store.recordVerified(id, { ok: false, words: error.message }, clock.now());
      for (const { id } of vms) memories.of(id).baseless = true;
      return { kind: "failed", words };
    }
    if (!(error instanceof CaptureFailed)) {
      // The store of bytes, or Belay itself: the VM is not saved, and that must be seen.
      log.error(`${vms.map((vm) => vm.name).join(", ")} could not be saved`, { error: String(error) });
      return { kind: "failed", words: "It could not be saved: a part of Belay failed. The provider's log says which." };
    }
    log.warn(`${vms.map((vm) => vm.name).join(", ")} could not be saved: ${error.message}`, { detail: error.detail });
    if (error.kind === "store-full") return { kind: "store-full", words: error.message };
    return { kind: "failed", words: error.message };
  }
}

/** How many captures run on each host. */
export function countByHost(units: Iterable<readonly HostId[]>): Map<HostId, number> {
  const counts = new Map<HostId, number>();
  for (const hosts of units) for (const host of hosts) counts.set(host, (counts.get(host) ?? 0) + 1);
  return counts;
}
