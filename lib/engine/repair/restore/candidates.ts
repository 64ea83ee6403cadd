import { newestValid, planRollBack, restorable, sharedDisks } from "../../../decide/index.ts";
import type { CheckpointId, EpochMs, Incident, RepairId, Vm } from "../../../model/index.ts";
import { damagedSince, perhapsWell, whileRead } from "../../checkpoints/in-hand.ts";
import { savedOf } from "../../checkpoints/saved.ts";
import type { Env } from "../../env.ts";
import { within } from "../../guard/within.ts";
import type { StepEnd } from "../step.ts";
import { vmWork } from "../work.ts";

const heldWithinMs = 15_000;
const askAgainMs = 1_000;
const readWithinMs = 5 * 60_000;

/** One that may be restored. Plain data: it is journalled. */
export interface Candidate {
  readonly id: CheckpointId;
  readonly at: EpochMs;
  readonly newest: boolean;
}
export interface Candidates {
  /** Best first; none: the VM is started from its own disk. */
  readonly list: readonly Candidate[];
  /** Why there are none, or fewer than were thought, for people; empty otherwise. */
  readonly said: string;
}

/** Those that were found damaged while they were to be restored. */
export const damagedWords = (found: readonly Candidate[]): string =>
  found.length > 1
    ? `${found.length} of its checkpoints are damaged.`
    : found[0]?.newest
      ? "Its newest checkpoint is damaged."
      : "A checkpoint of it is damaged.";

/** What the store of bytes holds; undefined where it does not answer in time. */
export async function heldOf(env: Env, vm: Pick<Vm, "id">, withinMs = heldWithinMs) {
  const { clock, checkpoints, log } = env;
  const deadline = clock.monotonicMs() + withinMs;
  for (;;) {
    const left = Math.max(1, deadline - clock.monotonicMs());
    const held = await within(clock, left, checkpoints.held(vm), undefined).catch((error: unknown) => {
      log.warn("the store of checkpoints could not be asked", { error: String(error) });
      return undefined;
    });
    if (held !== undefined || clock.monotonicMs() + askAgainMs >= deadline) return held;
    await clock.sleep(askAgainMs);
  }
}

/** Found damaged: it is not shown as one that can be restored any more, and it is said loudly. */
export async function tellDamaged(
  env: Env,
  vm: Pick<Vm, "id" | "name">,
  id: CheckpointId,
  words: string,
): Promise<void> {
  damagedSince(env).add(vm.id);
  perhapsWell(env).add(vm.id); // a disk that fails for a moment looks the same: where the store has nothing against it, it is read again
  env.log.warn(`a checkpoint of ${vm.name} is damaged: ${words}`, { checkpoint: id });
  await env.store.recordVerified(id, { ok: false, words }, env.clock.now());
}

async function choose(env: Env, vm: Vm, incident: Incident): Promise<Candidates> {
  const saved = await savedOf(env, vm, incident.tp, { within: incident });
  const plan = planRollBack({ cause: incident.cause, vm, saved });
  if (saved === undefined || plan === undefined) return { list: [], said: "It has no checkpoint." };
  if ("notBecause" in plan) return { list: [], said: plan.notBecause };
  if (plan.technique === "group-restore") return { list: [], said: "It goes back with its group, or not at all." };
  const held = await heldOf(env, vm);
  if (held === undefined) return { list: [], said: "The store of checkpoints does not answer." };
  const valid = new Map(held.map((it) => [it.id, it.valid]));
  const rows: (typeof saved.checkpoints)[number][] = [];
  for (const row of saved.checkpoints) {
    const found = valid.get(row.id);
    if (row.state === "valid" && found === false)
      await tellDamaged(env, vm, row.id, "The store says that bytes of it do not have their checksum.");
    if (row.state === "valid" && found === undefined)
      env.log.warn(`a checkpoint of ${vm.name} is not in the store`, { checkpoint: row.id });
    if (found !== undefined) rows.push(found ? row : { ...row, state: "damaged" });
  }
  const list = restorable({ ...saved, checkpoints: rows }, incident.cause).flatMap(
    (id) => rows.find((it) => it.id === id) ?? [],
  );
  const newest = newestValid(saved.checkpoints);
  const newestIsThere = newest !== undefined && valid.get(newest.id) === true;
  const said =
    list.length === 0
      ? "None of its checkpoints can be restored."
      : newestIsThere
        ? ""
        : "Its newest checkpoint is damaged: an older one is taken.";
  return { list: list.map(({ id, at }) => ({ id, at, newest: id === newest?.id })), said };
}

/**
 * A VM whose disk lies on its lost host alone is given to a host that does not see it, where nothing but a checkpoint can bring it up: so that is
 * read whole before, and those that are damaged are left out.
 */
export async function readFirst(env: Env, repair: RepairId, found: Candidates): Promise<StepEnd<Candidates>> {
  const { vm } = await vmWork(env, repair);
  const disks = sharedDisks(vm, await env.store.host(vm.hostId));
  if (disks.every((directories) => directories.length > 0))
    return { ok: true, words: "Its disk is seen by other hosts too.", value: found };
  const list = [...found.list];
  for (let candidate = list[0]; candidate !== undefined; candidate = list[0]) {
    const { id } = candidate;
    const work = () => env.checkpoints.verify(id);
    const whole = await within(env.clock, readWithinMs, whileRead(env, id, work), undefined).catch(() => undefined);
    if (whole === true) return { ok: true, words: "The checkpoint is whole.", value: { ...found, list } };
    if (whole === false) await tellDamaged(env, vm, id, "It was read before it was to be restored, and is not whole.");
    list.shift();
  }
  return {
    ok: true,
    words: "No checkpoint of it can be read.",
    value: { list, said: "No checkpoint of it can be read." },
  };
}

/** The checkpoints that the repair may restore: those that the database shows, that the store of bytes holds, and that the plan allows. */
export async function candidatesFor(env: Env, repair: RepairId): Promise<StepEnd<Candidates>> {
  const { vm, incident } = await vmWork(env, repair);
  const found = await choose(env, vm, incident);
  const count = found.list.length;
  const words =
    count === 0
      ? found.said
      : `${count === 1 ? "1 checkpoint" : `${count} checkpoints`} of it can be restored. ${found.said}`;
  return { ok: true, words: words.trim(), value: found };
}
