import { diskIsLocked } from "../../decide/index.ts";
import type { HostId, RepairId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { endMove } from "../maintenance/on-its-way.ts";
import { type Fenced, HostUnreachable, HypervisorRefused, type Steps } from "../ports.ts";
import { doubtProof, isDoubted, proofFor, releasedFrom, releaseFrom } from "./fence.ts";
import type { Places } from "./places.ts";
import { retry, type Trouble } from "./retry.ts";
import { type StepEnd, step } from "./step.ts";
import { verify } from "./verify.ts";
import { notOurs, vmWork } from "./work.ts";

const placesTried = 3;

interface Claim {
  readonly to: HostId;
  readonly from: HostId;
  readonly generation: number;
}
type Claimed =
  | { readonly claim: Claim }
  /** Its host is back: it is looked at there like any other. */
  | { readonly home: true };

/**
 * `relocate`: the VM on another host, from its own disk. Only with proof that it cannot run where it was: its host is fenced, or, alive,
 * has let go of it. Each start elsewhere has a generation of its own.
 */
export const relocateVm =
  (env: Env, options: EngineOptions, places: Places) => async (repair: RepairId, steps: Steps) => {
    const { store, clock } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));
    const handOver = (words: string) =>
      steps.run("hand over", async () => {
        places.settled((await vmWork(env, repair)).vm.id);
        await store.endRepair(repair, { state: "handed-over", incident: "handed-over", words, tr: null }, clock.now());
      });
    const tooLate = ({ words, detail }: Trouble): StepEnd<never> => ({
      ok: false,
      words: `It could not be done within ${options.reviveWithinMs / 1000} s. Last: ${words}`,
      detail,
    });

    // From a host that lives it is let go first; a host that is being fenced is waited for.
    const released = await step<boolean | "moved">(env, steps, repair, "old host", async () => {
      const end = await retry<StepEnd<boolean | "moved">>(env, options.reviveWithinMs, async () => {
        const { vm } = await vmWork(env, repair);
        const ended = await notOurs(env, repair, vm);
        if (ended !== undefined) return { came: { ok: false, words: ended } };
        const host = await store.host(vm.hostId);
        if (host?.standing === "fenced") {
          const move = await endMove(env, vm);
          if (move === "moved")
            return { came: { ok: true, words: "It had been moved in time, and runs where it went.", value: move } };
          if (move !== "clear") return move;
          return { came: { ok: true, words: "Its old host is proven off.", value: false } };
        }
        if (host?.standing === "returning" || (host?.standing === "in-use" && isPart(await vmWork(env, repair))))
          return { came: { ok: true, words: "Its host is back.", value: false } };
        if (host?.standing === "fencing") return { trouble: "Its old host is not proven off yet." };
        if (vm.movingTo !== null) return { trouble: "It is being moved." };
        const place = await places.placeOne(vm, new Set([vm.hostId])); // it is not let go for nothing
        if ("refusal" in place) return { came: { ok: false, words: place.refusal, detail: place.detail } };
        await releaseFrom(env, vm.hostId, vm.uuid);
        return { came: { ok: true, words: "Its old host switched it off and let go of it.", value: true } };
      });
      return "came" in end ? end.came : tooLate(end.trouble);
    });
    if (!released.ok) return handOver(released.words);
    const letGo = released.value;
    if (letGo === "moved")
      return steps.run("end", async () => {
        places.settled((await vmWork(env, repair)).vm.id);
        const words = "It had been moved to another host before its own failed.";
        await store.endRepair(repair, { state: "not-needed", incident: "cleared", words, tr: null }, clock.now());
      });

    const tried: HostId[] = [];
    let last = "";
    for (let turn = 1; turn <= placesTried; turn++) {
      const suffix = turn === 1 ? "" : ` (${turn})`;
      // Chosen, and journalled, before it is claimed: a crash in between must not lead to another host.
      const chosen = await step<{ to: HostId }>(env, steps, repair, `place${suffix}`, async () => {
        const { vm } = await vmWork(env, repair);
        const ended = await notOurs(env, repair, vm);
        if (ended !== undefined) return { ok: false, words: ended };
        if (vm.movingTo !== null) return { ok: false, words: "It is being moved." };
        const place = await places.placeOne(vm, new Set([...tried, vm.hostId]));
        if ("refusal" in place) return { ok: false, words: `${last}${place.refusal}`, detail: place.detail };
        return { ok: true, words: "It has a place.", value: { to: place.host } };
      });
      if (!chosen.ok) return handOver(chosen.words);
      const { to } = chosen.value;

      const claimed = await step<Claimed>(env, steps, repair, `claim${suffix}`, async () => {
        const { vm } = await vmWork(env, repair);
        const claim = await store.claimVm(repair, to, letGo, clock.now());
        if (claim === undefined) {
          const host = await store.host(vm.hostId);
          if (host?.standing === "returning" || host?.standing === "in-use")
            return { ok: true, words: "Its host is back before it was started elsewhere.", value: { home: true } };
          return {
            ok: false,
            words: "It could not be given to another host: it is not proven that its old one is off.",
          };
        }
        const { generation, from } = claim;
        return {
          ok: true,
          words: `It belongs there now, as generation ${generation}.`,
          value: { claim: { to, from, generation } },
        };
      });
      if (!claimed.ok) return handOver(claimed.words);
      if ("home" in claimed.value)
        return steps.run("end", () =>
          store.endRepair(
            repair,
            { state: "not-needed", incident: "cleared", words: "Its host is back; it is looked at there.", tr: null },
            clock.now(),
          ),
        );
      const { claim } = claimed.value;

      const up = await step(env, steps, repair, `start${suffix}`, () =>
        startThere(env, options, places, repair, claim, letGo),
      );
      if (!up.ok) return handOver(up.words);
      if (up.value.kind === "locked") return handOver(up.value.words);
      if (up.value.kind === "refused") {
        last = `${up.value.words} `;
        const freed = await step<Freed>(env, steps, repair, `free${suffix}`, () =>
          freeThere(env, options, repair, claim.to, claim.generation),
        );
        if (!freed.ok) return handOver(`${last}${freed.words}`);
        if (!freed.value.runs) {
          tried.push(claim.to);
          continue;
        }
      }
      const answer = await step(env, steps, repair, `verify${suffix}`, async () =>
        verify(env, options, (await vmWork(env, repair)).vm),
      );
      if (!answer.ok) return handOver(answer.words);
      if ("answeredAt" in answer.value) {
        const tr = answer.value.answeredAt;
        return steps.run("end", async () => {
          places.settled((await vmWork(env, repair)).vm.id);
          const words = "It runs on another host and answers again.";
          await store.endRepair(repair, { state: "succeeded", incident: "repaired", words, tr }, clock.now());
        });
      }
      last = `It ${answer.value.died} after its start. `;
      const freed = await step<Freed>(env, steps, repair, `free after its end${suffix}`, () =>
        freeThere(env, options, repair, claim.to),
      );
      if (!freed.ok) return handOver(`${last}${freed.words}`);
      tried.push(claim.to);
    }
    return handOver(`${last}It was tried on ${placesTried} hosts.`);
  };

/** A host that is in use again, of an incident that was its failure: the VM is home. */
const isPart = ({ incident }: { readonly incident: { readonly partOf: unknown } }) => incident.partOf !== null;

type Start = { readonly kind: "up" } | { readonly kind: "refused" | "locked"; readonly words: string };

/** Storage may hold the locks of a host that lost its power for a while: NFS 4 does for 90 s. A longer lock has a living owner. */
const lockLastsMs = 120_000;
const doubtedWords =
  "A disk of another VM of its old host is still in use, so that host may run though it was proven off. It is started nowhere. Make sure that the old host is off.";
const lockedWords =
  "Another process holds a disk of it, though its old host was proven off: the old copy may still run. It is started nowhere. Make sure that the old host is off.";

async function startThere(
  env: Env,
  options: EngineOptions,
  places: Places,
  repair: RepairId,
  claim: Claim,
  released: boolean,
): Promise<StepEnd<Start>> {
  const { store, hypervisor } = env;
  const { vm, definition } = await vmWork(env, repair);
  if (definition === null) return { ok: false, words: "Its definition was never read, so there is nothing to start." };
  const { parallelStarts } = await store.policy();
  let lockedSinceMs: number | undefined;
  const end = await places.starting(claim.to, vm, parallelStarts, () =>
    retry<StepEnd<Start>>(env, options.reviveWithinMs, async () => {
      const ended = await notOurs(env, repair, { hostId: claim.to });
      if (ended !== undefined) return { came: { ok: false, words: ended } };
      const proof = await proofNow(env, vm, claim, released);
      if (isDoubted(env, proof))
        return { came: { ok: true, words: doubtedWords, value: { kind: "locked", words: doubtedWords } } };
      try {
        const { words } = await hypervisor.startElsewhere(claim.to, vm, definition, claim.generation, proof);
        return { came: { ok: true, words, value: { kind: "up" } } };
      } catch (error) {
        if (error instanceof HypervisorRefused && proof.method !== "released" && diskIsLocked(error.message)) {
          lockedSinceMs ??= env.clock.monotonicMs();
          if (env.clock.monotonicMs() - lockedSinceMs < lockLastsMs)
            return { trouble: "A disk of it is still in use." };
          doubtProof(env, claim.from);
          env.log.warn(`the proof that a host is off is doubted: a disk of ${vm.name} is in use`, { host: claim.from });
          const value = { kind: "locked", words: lockedWords } as const;
          return { came: { ok: true, words: lockedWords, detail: error.message, value } };
        }
        if (error instanceof HypervisorRefused)
          return { came: { ok: true, words: "The host that was chosen refused it.", value: refusedBy(error) } };
        if (error instanceof HostUnreachable && (await isLost(env, claim.to)))
          return { came: { ok: true, words: "The host that was chosen failed.", value: refusedBy(error) } };
        throw error;
      }
    }),
  );
  if ("came" in end) return end.came;
  return { ok: true, words: end.trouble.words, value: { kind: "refused", words: end.trouble.words } };
}

const refusedBy = (error: Error): Start => ({
  kind: "refused",
  words:
    error instanceof HypervisorRefused ? "The host that was chosen refused it." : "The host that was chosen failed.",
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

interface Freed {
  /** It runs there after all. */
  readonly runs: boolean;
}

/**
 * Before another place is tried: proof that the VM does not run on the one that was. A start whose answer was lost may have come through:
 * where `generation` is given and runs there, it is left to run.
 */
async function freeThere(
  env: Env,
  options: EngineOptions,
  repair: RepairId,
  host: HostId,
  generation?: number,
): Promise<StepEnd<Freed>> {
  const end = await retry<StepEnd<Freed>>(env, options.reviveWithinMs, async () => {
    const { vm } = await vmWork(env, repair);
    const ended = await notOurs(env, repair, { hostId: host });
    if (ended !== undefined) return { came: { ok: false, words: ended } };
    if ((await env.store.fenceProof(host)) === undefined) {
      const runs = (await env.hypervisor.copiesOn(host)).some(
        (copy) => copy.uuid === vm.uuid && copy.active && copy.generation === generation,
      );
      if (runs) return { came: { ok: true, words: "It runs there after all.", value: { runs } } };
      await releaseFrom(env, host, vm.uuid);
    }
    return { came: { ok: true, words: "It is proven that it does not run there.", value: { runs: false } } };
  });
  if ("came" in end) return end.came;
  return { ok: false, words: "It is not proven that it does not run there, so it is started nowhere else." };
}
