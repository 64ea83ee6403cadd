import { aloneOfItsGroup, BelayError, type CheckpointId, parseId, type RepairId, type Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import type { CheckpointWish, PendingWish } from "../ports.ts";
import type { Places } from "../repair/places.ts";
import { restoreBeside } from "./beside.ts";
import type { CaptureEnd } from "./capture.ts";

/** How long a wish waits for what stands in its way. */
const waitMs = 60_000;
const atOnce = 4;

export interface Outcome {
  readonly ok: boolean;
  readonly words: string;
}

export interface WishHelp {
  readonly places: Places;
  /** A repair was opened for the VM. */
  readonly opened: (repair: RepairId, vm: Vm) => Promise<void>;
  readonly captureFor: (vm: Vm, id: CheckpointId) => Promise<CaptureEnd>;
}

/** Wishes that this life works on. */
const inHand = new WeakMap<Env, Set<PendingWish["id"]>>();

/** Carries out what people asked for, oldest first, a few at a time. What takes long goes on beside. */
export async function carryOutWishes(
  env: Env,
  wishes: readonly PendingWish[],
  help: WishHelp,
  beside: (work: Promise<void>) => void,
): Promise<void> {
  const mine = inHand.get(env) ?? new Set();
  inHand.set(env, mine);
  for (const wish of wishes) {
    if (mine.size >= atOnce || mine.has(wish.id)) continue;
    if (!(await env.store.beginWish(wish.id, env.clock.now()))) continue;
    mine.add(wish.id);
    beside(carryOut(env, wish, help).finally(() => mine.delete(wish.id)));
  }
}

async function carryOut(env: Env, wish: PendingWish, help: WishHelp): Promise<void> {
  const { store, clock } = env;
  const vm = await store.vm(wish.vmId);
  const outcome =
    vm === undefined ? { ok: false, words: "The VM is not there any more." } : await attempt(env, wish, vm, help);
  if (outcome !== undefined) await store.endWish(wish.id, outcome, clock.now());
}

/** undefined: it is tried again. */
async function attempt(env: Env, wish: PendingWish, vm: Vm, help: WishHelp): Promise<Outcome | undefined> {
  // Who asked has nothing to say of it any more, and who has it now did not ask.
  if (wish.owner !== undefined && wish.owner !== vm.organizationId)
    return { ok: false, words: "The VM was given to another owner since. Nothing was done." };
  switch (wish.wish.kind) {
    case "capture":
      return captureNow(env, wish, vm, help);
    case "restore":
      return restore(env, wish, wish.wish, vm, help);
    case "restore-beside":
      return restoreBeside(env, help.places, wish, wish.wish, vm);
  }
}

/** The checkpoint has the wish's own name: after a death of Belay it is the same one. */
async function captureNow(env: Env, wish: PendingWish, vm: Vm, { captureFor }: WishHelp): Promise<Outcome | undefined> {
  const id = parseId("ckp", wish.id.replace(/^int_/, "ckp_"));
  if (id === undefined) return { ok: false, words: "The request has no name that a checkpoint could have." };
  const isThere = (await env.store.checkpointsOf(vm.id)).some((it) => it.id === id);
  const end = isThere ? ({ kind: "done" } as const) : await captureFor(vm, id);
  if (end.kind === "done") {
    await env.store.keepAsked(id); // a life before this one may have saved it, and whoever found it did not know that it was asked for
    return { ok: true, words: "It is saved, and kept until somebody lets it go." };
  }
  if (end.kind !== "cancelled" && end.kind !== "obstacle")
    return { ok: false, words: `It was not saved. ${end.words}` };
  if (env.clock.now() < wish.at + waitMs) return undefined;
  return {
    ok: false,
    words: `It was not saved. ${end.kind === "obstacle" ? end.words : "Something else was done with it."}`,
  };
}

async function restore(
  env: Env,
  { id, by, at }: PendingWish,
  { checkpoint }: Extract<CheckpointWish, { kind: "restore" }>,
  vm: Vm,
  { opened }: WishHelp,
): Promise<Outcome> {
  if (vm.rollbackIntolerant)
    return { ok: false, words: "It must never go back to an older state, as was chosen. Nothing was done." };
  if (vm.checkpointGroup !== null)
    return { ok: false, words: `${aloneOfItsGroup(vm.checkpointGroup)} Nothing was done.` };
  const row = (await env.store.checkpointsOf(vm.id)).find((it) => it.id === checkpoint);
  if (row?.state === "damaged") return { ok: false, words: "This saved state is damaged. Nothing was done." };
  try {
    const repair = await env.store.openCalledRestore(vm.id, checkpoint, by, at);
    if (repair === undefined)
      return { ok: false, words: "It has a failure that is not over. Nothing was done; ask again when it is." };
    await opened(repair, vm);
    env.log.info(`a saved state of ${vm.name} is restored by its owner's call`, { wish: id, repair });
    return { ok: true, words: "It is being restored: its incident says what comes of it." };
  } catch (error) {
    if (error instanceof BelayError && error.code === "not-found")
      return { ok: false, words: "This saved state is not there any more. Nothing was done." };
    throw error;
  }
}
