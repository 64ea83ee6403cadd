import { diskIsLocked, relocationRefusal } from "../../decide/index.ts";
import type { HostId, RepairId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { CheckpointDamaged, type EngineStore, type Fenced, HostUnreachable, HypervisorRefused } from "../ports.ts";
import { doubtProof, isDoubted, proofFor, type Releases, releasedFrom, releaseFrom } from "./fence.ts";
import type { Places } from "./places.ts";
import { retry } from "./retry.ts";
import type { StepEnd } from "./step.ts";
import { notOurs, type VmWork, vmWork, type Works } from "./work.ts";

/** A VM was given to a host by a repair. */
export interface Claim {
  readonly to: HostId;
  readonly from: HostId;
  readonly generation: number;
}

export type Start =
  | { readonly kind: "up" }
  /** `lost`: the chosen host failed, so nothing more is tried there. */
  | { readonly kind: "refused"; readonly words: string; readonly lost: boolean }
  /** Nothing more is started anywhere: the old copy may run. */
  | { readonly kind: "locked"; readonly words: string }
  /** What it was to be brought up from is damaged; the host did nothing wrong. */
  | { readonly kind: "damaged"; readonly words: string };

/** What is done on the host, by this proof. Twice is once. */
export type StartDeed = (
  work: VmWork & { readonly definition: string },
  proof: Fenced,
) => Promise<{ readonly words: string }>;

/** Storage may hold the locks of a host that lost its power for a while: NFS 4 does for 90 s. A longer lock has a living owner. */
const lockLastsMs = 120_000;
const doubtedWords =
  "A disk of another VM of its old host is still in use, so that host may run though it was proven off. It is started nowhere. Make sure that the old host is off.";
const lockedWords =
  "Another process holds a disk of it, though its old host was proven off: the old copy may still run. It is started nowhere. Make sure that the old host is off.";

/**
 * Brings the VM up on the host that it was given to, by a proof that is asked for right before. `held`: with its group, which was stopped for it: what
 * its owner chose since keeps the others from nothing.
 */
export async function startThere(
  env: Env,
  options: EngineOptions,
  places: Places,
  repair: RepairId,
  claim: Claim,
  released: boolean,
  deed: StartDeed,
  held = false,
): Promise<StepEnd<Start>> {
  const { store } = env;
  const { vm } = await vmWork(env, repair);
  const { parallelStarts } = await store.policy();
  let lockedSinceMs: number | undefined;
  const end = await places.starting(claim.to, vm, parallelStarts, () =>
    retry<StepEnd<Start>>(env, options.reviveWithinMs, async () => {
      const ended = await notOurs(env, repair, { hostId: claim.to });
      if (ended !== undefined) return { came: { ok: false, words: ended } };
      const work = await vmWork(env, repair); // minutes may have passed, and what its owner chose meanwhile holds
      const { definition } = work;
      if (definition === null)
        return { came: { ok: false, words: "Its definition was never read, so there is nothing to start." } };
      const refusal = held ? undefined : relocationRefusal(work.vm, await store.modeOf(vm.id));
      if (refusal !== undefined) return { came: { ok: false, words: refusal } };
      const proof = await proofNow(env, vm, claim, released);
      if (isDoubted(env, proof))
        return { came: { ok: true, words: doubtedWords, value: { kind: "locked", words: doubtedWords } } };
      try {
        const { words } = await deed({ ...work, definition }, proof);
        return { came: { ok: true, words, value: { kind: "up" } } };
      } catch (error) {
        if (error instanceof CheckpointDamaged) {
          const words = "The checkpoint is damaged.";
          return { came: { ok: true, words, detail: error.message, value: { kind: "damaged", words } } };
        }
        if (error instanceof HypervisorRefused && proof.method !== "released" && diskIsLocked(error.message)) {
          lockedSinceMs ??= env.clock.monotonicMs();
          if (env.clock.monotonicMs() - lockedSinceMs < lockLastsMs)
            return { trouble: "A disk of it is still in use." };
          doubtProof(env, claim.from);
          env.log.warn(`the proof that a host is off is doubted: a disk of ${vm.name} is in use`, { host: claim.from });
          const value = { kind: "locked", words: lockedWords } as const;
          return { came: { ok: true, words: lockedWords, detail: error.message, value } };
        }
        if (error instanceof HypervisorRefused) return { came: refused("The host that was chosen refused it.", false) };
        if (error instanceof HostUnreachable && (await isLost(env, claim.to)))
          return { came: refused("The host that was chosen failed.", true) };
        throw error;
      }
    }),
  );
  return "came" in end ? end.came : refused(end.trouble.words, true);
}

const refused = (words: string, lost: boolean): StepEnd<Start> => ({
  ok: true,
  words,
  value: { kind: "refused", words, lost },
});

const isLost = async (env: Env, host: HostId) => {
  const found = await env.store.host(host);
  const isUsed = found?.standing === "in-use" || found?.standing === "maintenance"; // it is moved on from there
  return !isUsed || found.health === "red";
};

/** It let go of the VM when this repair began, and is asked again: a start elsewhere never rests on an old answer. */
const proofNow = (
  env: Env,
  vm: Parameters<typeof proofFor>[1],
  { from, generation }: Claim,
  released: boolean,
): Promise<Fenced> => (released ? releasedFrom(env, from, vm.uuid) : proofFor(env, vm, from, generation));

/** All that freeing touches. */
export type Frees = Releases & Works & { readonly store: Pick<EngineStore, "fenceProof"> };

export interface Freed {
  /** It runs there after all. */
  readonly runs: boolean;
}

/** A copy that no start of Belay's made there may be the one that people work with. */
const notOurCopy: StepEnd<never> = {
  ok: false,
  words:
    "A copy of it runs where it was to start, and Belay has not started that one: it is left as it is, and nothing is started elsewhere. Look which one is to run.",
};

/**
 * Before another place, or another way, is tried: proof that the VM does not run on the one that was. A start whose answer was lost may have
 * come through: where `generation` is given and runs there, it is left to run.
 */
export async function freeThere(
  env: Frees,
  options: Pick<EngineOptions, "reviveWithinMs">,
  repair: RepairId,
  host: HostId,
  generation?: number,
): Promise<StepEnd<Freed>> {
  const end = await retry<StepEnd<Freed>>(env, options.reviveWithinMs, async () => {
    const { vm } = await vmWork(env, repair);
    const ended = await notOurs(env, repair, { hostId: host });
    if (ended !== undefined) return { came: { ok: false, words: ended } };
    if ((await env.store.fenceProof(host)) === undefined) {
      const running = (await env.hypervisor.copiesOn(host)).find((copy) => copy.uuid === vm.uuid && copy.active);
      if (running !== undefined && (running.generation ?? 0) !== vm.generation) return { came: notOurCopy };
      if (running !== undefined && running.generation === generation)
        return { came: { ok: true, words: "It runs there after all.", value: { runs: true } } };
      await releaseFrom(env, host, vm.uuid);
    }
    return { came: { ok: true, words: "It is proven that it does not run there.", value: { runs: false } } };
  });
  if ("came" in end) return end.came;
  return { ok: false, words: "It is not proven that it does not run there, so it is started nowhere else." };
}
