import { createHash } from "node:crypto";
import type { Host, HostId, Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { eachOf } from "../guard/limit.ts";
import { within } from "../guard/within.ts";
import {
  CheckpointDamaged,
  type CheckpointWish,
  HostUnreachable,
  HypervisorRefused,
  type PendingWish,
} from "../ports.ts";
import type { Places } from "../repair/places.ts";
import { heldOf, tellDamaged } from "../repair/restore/candidates.ts";
import { whileRead } from "./in-hand.ts";
import type { Outcome } from "./wishes.ts";

const restoreWithinMs = 15 * 60_000;
const waitMs = 60_000;
const askedAtOnce = 16;

/** The new VM's UUID follows from the wish, so that a second try finds the first one's. */
export function uuidOf(wish: PendingWish["id"]): string {
  const hex = createHash("sha256").update(wish).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Where an earlier try may have put it, of the hosts that can be asked. */
async function foundOn(env: Env, hosts: readonly Host[], uuid: string): Promise<HostId | undefined> {
  let found: HostId | undefined;
  await eachOf(hosts, askedAtOnce, async ({ id }) => {
    if (found !== undefined) return;
    const sight = await env.hypervisor.readDomain(id, uuid).catch(() => undefined);
    if (sight !== undefined) found ??= id;
  });
  return found;
}

const isUsed = (host: Host) => host.standing === "in-use" && host.state === "up" && host.health === "green";

/** The VM's own host, where it has room for another one, else any. */
async function place(
  env: Env,
  places: Places,
  vm: Vm,
): Promise<{ readonly host: HostId } | { readonly words: string }> {
  const other: Vm = { ...vm, id: env.ids.next("vm"), diskPaths: [], apart: null, together: null, movingTo: null };
  const host = await env.store.host(vm.hostId);
  const here = host !== undefined && isUsed(host) ? await places.placeAt(other, host.id) : undefined;
  if (here !== undefined) return { host: here };
  const found = await places.placeOne(other, new Set());
  places.settled(other.id);
  return "refusal" in found ? { words: found.refusal } : { host: found.host };
}

/** To look inside: a VM of its own beside the old one, with its links down. `undefined`: it is tried again. */
export async function restoreBeside(
  env: Env,
  places: Places,
  wish: PendingWish,
  { checkpoint, name }: Extract<CheckpointWish, { kind: "restore-beside" }>,
  vm: Vm,
): Promise<Outcome | undefined> {
  const { store, checkpoints, hypervisor, clock } = env;
  const fail = (words: string): Outcome => ({ ok: false, words });
  const row = (await env.store.checkpointsOf(vm.id)).find((it) => it.id === checkpoint);
  if (row === undefined) return fail("This saved state is not there any more.");
  if (row.state === "damaged") return fail("This saved state is damaged.");
  const held = await heldOf(env, vm);
  if (held === undefined) return fail("The store of checkpoints does not answer.");
  if (!held.some((it) => it.id === checkpoint && it.valid)) return fail("This saved state cannot be read any more.");

  const uuid = uuidOf(wish.id);
  const hosts = (await store.hosts()).filter(isUsed);
  const before = await foundOn(env, hosts, uuid);
  const target = before === undefined ? await place(env, places, vm) : { host: before };
  if ("words" in target) return fail(target.words);
  try {
    const { xml: definition } = await hypervisor.readDefinition(vm.hostId, vm.uuid);
    const request = { checkpoint, vm, definition, generation: 0, beside: { name, uuid } };
    const late = new AbortController();
    const work = () => checkpoints.restore(target.host, request, null, () => undefined, late.signal);
    const done = await within(clock, restoreWithinMs, whileRead(env, checkpoint, work), undefined);
    if (done === undefined) {
      late.abort(new Error("It took too long.")); // a copy that starts later would be nobody's
      return fail("It did not end in time.");
    }
    const sight = await hypervisor.readDomain(target.host, uuid);
    if (sight === undefined) return fail("It ended as soon as it was restored.");
    const adopted = await store.adoptVm(
      target.host,
      sight,
      await hypervisor.readDefinition(target.host, uuid),
      "running",
      clock.now(),
    );
    await store.recordBeside(adopted.id, vm.id, clock.now());
    return { ok: true, words: `${name} runs beside it, with its network links down.` };
  } catch (error) {
    if (error instanceof CheckpointDamaged) {
      await tellDamaged(env, vm, checkpoint, error.message);
      return fail("This saved state is damaged.");
    }
    if (error instanceof HostUnreachable)
      return clock.now() < wish.at + waitMs ? undefined : fail("Its host is not connected.");
    if (error instanceof HypervisorRefused) {
      env.log.warn(`${name} could not be restored beside ${vm.name}`, { error: error.message });
      return fail("The hypervisor refused it. Perhaps the name is taken.");
    }
    env.log.error(`${name} could not be restored beside ${vm.name}`, { error: String(error) });
    return fail("A part of Belay failed. The provider's log says which.");
  }
}
