import { forgotten, reconcile } from "../../decide/index.ts";
import type { CheckpointId, EpochMs, Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import type { StoreStanding } from "../ports.ts";
import { isRead, perhapsWell } from "./in-hand.ts";

const storeWithinMs = 30_000;

type Dropping = Pick<Env, "clock" | "log"> & { readonly checkpoints: Pick<Env["checkpoints"], "drop"> };

export type Forgetting = Dropping & { readonly store: Pick<Env["store"], "checkpointsOf" | "removeCheckpoints"> };

/** Those whose rows are gone and whose bytes could not be dropped: tried again with the next. A death forgets them; then they are reconciled. */
const owed = new WeakMap<Dropping, Set<CheckpointId>>();

/** Rows first, so that nobody is shown what is not there; one that a person keeps since a moment ago stays. */
async function forget(env: Forgetting, rows: readonly CheckpointId[]): Promise<number> {
  const gone = rows.length === 0 ? [] : await env.store.removeCheckpoints(rows, env.clock.now(), "kept");
  await dropBytes(env, gone);
  return gone.length;
}

/** Which store it is, and what it is not sure of; undefined where it does not answer. */
export async function standingOf({
  clock,
  log,
  checkpoints,
}: Pick<Env, "clock" | "log"> & { readonly checkpoints: Pick<Env["checkpoints"], "standing"> }): Promise<
  StoreStanding | undefined
> {
  try {
    const standing = await within(clock, storeWithinMs, checkpoints.standing(), undefined);
    if (standing === undefined) log.warn("the store of checkpoints did not say in time which one it is");
    return standing;
  } catch (error) {
    log.warn("the store of checkpoints could not be asked which one it is", { error: String(error) });
    return undefined;
  }
}

async function dropBytes(env: Dropping, ids: readonly CheckpointId[]): Promise<void> {
  const { checkpoints, clock, log } = env;
  const left = owed.get(env) ?? new Set();
  owed.set(env, left);
  for (const id of ids) left.add(id);
  if (left.size === 0) return;
  const all = [...left];
  try {
    const done = await within(
      clock,
      storeWithinMs,
      checkpoints.drop(all).then(() => true),
      false,
    );
    if (done) for (const id of all) left.delete(id);
  } catch (error) {
    log.warn("checkpoints that are not needed could not be dropped", { error: String(error) });
  }
}

/**
 * After a capture: older ones than are to be kept are forgotten; never the one that was taken, whatever its time says, nor what the store cannot
 * read now, or what is in another store: it may be well, and better than what came after it.
 */
export async function keepFew(
  env: Env,
  vm: Pick<Vm, "id">,
  keep: number,
  taken: CheckpointId | undefined,
  answeredAt: EpochMs | undefined,
): Promise<void> {
  const standing = await standingOf(env);
  if (standing !== undefined) await keepFewOf(env, standing, vm, keep, taken, answeredAt); // else after the next capture
}

/** The same, of a store that was asked before; gives how many went. */
export async function keepFewOf(
  env: Forgetting,
  { store, unsure }: StoreStanding,
  vm: Pick<Vm, "id">,
  keep: number,
  taken: CheckpointId | undefined,
  answeredAt: EpochMs | undefined,
): Promise<number> {
  const rows = await env.store.checkpointsOf(vm.id, store);
  const stays = (id: CheckpointId) => id === taken || isRead(env, id) || unsure.has(id);
  return forget(env, forgotten(rows, keep, stays, answeredAt));
}

/** A VM, or its host, may have been removed by mistake: its bytes stay for so long, by the checkpoints' own age. */
const removedKeptMs = 30 * 24 * 60 * 60_000;

/** Saved states of VMs that were removed take room that nobody has anything of. */
export async function dropRemoved(
  env: Dropping & { readonly store: Pick<Env["store"], "checkpointsOfRemoved" | "removeCheckpoints"> },
): Promise<void> {
  const ids = await env.store.checkpointsOfRemoved(env.clock.now() - removedKeptMs);
  if (ids.length === 0) return;
  await dropBytes(env, await env.store.removeCheckpoints(ids, env.clock.now()));
  env.log.info("saved states of VMs that were removed long ago are dropped", { checkpoints: ids.length });
}

/**
 * Once in each life of the engine, before the VM's first capture: what people are shown and what the store holds are made the same. What is shown
 * and has no bytes is shown as damaged. Bytes whose capture was never written down are taken over where they are the newest (the same capture
 * asked for again is answered from the store), else dropped. What is in another store, whose disk may not be mounted, is left as it is; but what
 * this one holds is in this one, whatever was written: it may have lost its name, and then nothing of it goes. False when the store could not
 * be asked, or is not sure of all that it has: then nothing is changed, and it is tried again.
 */
export async function reconcileVm(env: Env, vm: Vm): Promise<boolean> {
  const { store, checkpoints, clock, log } = env;
  const standing = await standingOf(env);
  if (standing === undefined || standing.unsure.size > 0) return false;
  const shown = await store.checkpointsOf(vm.id);
  const here = new Set((await store.checkpointsOf(vm.id, standing.store)).map(({ id }) => id));
  const held = await within(clock, storeWithinMs, checkpoints.held(vm), undefined).catch(() => undefined);
  if (held === undefined) return false;
  const lying = new Set(held.map(({ id }) => id));
  const found = reconcile(
    shown.filter(({ id }) => here.has(id) || lying.has(id)),
    held,
  );
  const stored = shown.flatMap(({ id }) => (lying.has(id) ? [id] : []));
  if (stored.length > 0) await store.recordStored(stored, standing.store);
  if (found.well.length > 0) perhapsWell(env).add(vm.id);
  for (const id of found.damaged) {
    log.warn(`a checkpoint of ${vm.name} is damaged`, { checkpoint: id });
    await store.recordVerified(id, { ok: false, words: "The store says that it is damaged." }, clock.now());
  }
  if (found.withoutBytes.length > 0) {
    log.warn(`checkpoints of ${vm.name} are not in the store any more`, { checkpoints: found.withoutBytes });
    for (const id of found.withoutBytes)
      await store.recordVerified(id, { ok: false, words: "The store does not hold it any more." }, clock.now());
  }
  const newest = held.find((it) => it.valid);
  const adopted = found.withoutRow.find((id) => id === newest?.id);
  if (adopted !== undefined) await takeOver(env, vm, adopted, held[1]?.id ?? null, standing.store);
  const dropped = found.withoutRow.filter((id) => id !== adopted);
  if (dropped.length > 0) await dropBytes(env, dropped);
  return true;
}

async function takeOver(env: Env, vm: Vm, id: CheckpointId, base: CheckpointId | null, inStore: string): Promise<void> {
  const { store, checkpoints, clock, log } = env;
  const { signal } = new AbortController();
  try {
    const request = { id, vm, method: "background", base } as const;
    const captured = await within(clock, storeWithinMs, checkpoints.capture(request, signal), undefined);
    if (captured === undefined) return;
    const { generation, runId } = vm;
    const row = { ...captured, id, vmId: vm.id, state: "valid", generation, runId: runId ?? 0 } as const;
    await store.recordCheckpoint({ ...row, verifiedAt: null, kept: false }, clock.now(), inStore);
  } catch (error) {
    log.warn(`a checkpoint of ${vm.name} could not be taken over`, { error: String(error) });
  }
}
