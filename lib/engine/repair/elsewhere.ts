import type { EpochMs, HostId, RepairId, Vm } from "../../model/index.ts";
import { ceaseCapture } from "../checkpoints/in-hand.ts";
import type { EngineOptions, Env } from "../env.ts";
import { movedByHand } from "../maintenance/moved-by-hand.ts";
import { endMove } from "../maintenance/on-its-way.ts";
import type { Steps } from "../ports.ts";
import { releaseFrom } from "./fence.ts";
import { leaveDefined, leaveDefinedIfGone } from "./leave-defined.ts";
import { offByHandWords, takeAsWanted } from "./off-by-hand.ts";
import type { Places } from "./places.ts";
import { retry, type Trouble } from "./retry.ts";
import { type Claim, type Freed, freeThere, type Start } from "./start-there.ts";
import { type StepEnd, step } from "./step.ts";
import type { StepBase } from "./step-kinds.ts";
import type { Died } from "./verify.ts";
import { notOurs, vmWork } from "./work.ts";

const placesTried = 3;
const turnsAtMost = 8;

/** How a VM is brought up on the host that it was given to: from its own disk, or from what was saved of it. */
export interface Bringing {
  /** As durable steps, whose names end in `suffix`. */
  up(claim: Claim, released: boolean, suffix: string): Promise<StepEnd<Start>>;
  /** The name of the step that asks whether it answers; left out: "verify". */
  readonly asking?: StepBase;
  verify(vm: Vm): Promise<StepEnd<Answered>>;
  /** It came up and then ended, or is silent: whether there is another way, to be tried on the same host. */
  readonly another: () => boolean;
  /** What people are told when it answers. */
  readonly words: () => string;
  /** What it is brought up from comes with it: the host need not see its disk. */
  readonly diskComesAlong: boolean;
  /** Files that the host has to see besides: the image that it is made from. */
  readonly files?: readonly string[];
}

/** How it went. Who brings it elsewhere ends the repair by it, or goes on. */
export type Elsewhere =
  | { readonly kind: "answers"; readonly tr: EpochMs }
  /** `locked`: the old copy may run, so nothing more is started anywhere. */
  | { readonly kind: "handed-over"; readonly words: string; readonly locked?: true }
  | { readonly kind: "not-needed"; readonly words: string };

type Claimed =
  | { readonly claim: Claim }
  /** Its host is back: it is looked at there like any other. */
  | { readonly home: true };

export type Answered =
  | { readonly answeredAt: EpochMs }
  | Died
  /** It runs and answers nobody, though it would if it were well. */
  | { readonly silent: true };

/** A host that is in use again, of an incident that was its failure: the VM is home. */
const isPart = ({ incident }: { readonly incident: { readonly partOf: unknown } }) => incident.partOf !== null;

/** The VM on another host, and the repair's end. */
export async function bringElsewhere(
  env: Env,
  options: EngineOptions,
  places: Places,
  repair: RepairId,
  steps: Steps,
  bringing: Bringing,
): Promise<void> {
  const { store, clock } = env;
  const end = await elsewhere(env, options, places, repair, steps, bringing);
  if (end.kind === "handed-over")
    return steps.run("hand over", async () => {
      places.settled((await vmWork(env, repair)).vm.id);
      const { words } = end;
      await store.endRepair(repair, { state: "handed-over", incident: "handed-over", words, tr: null }, clock.now());
    });
  return steps.run("end", async () => {
    places.settled((await vmWork(env, repair)).vm.id);
    const how =
      end.kind === "answers"
        ? ({ state: "succeeded", incident: "repaired", words: bringing.words(), tr: end.tr } as const)
        : ({ state: "not-needed", incident: "cleared", words: end.words, tr: null } as const);
    await store.endRepair(repair, how, clock.now());
  });
}

/**
 * The VM on another host. Only with proof that it cannot run where it was: its host is fenced, or, alive, has let go of it. Each start
 * elsewhere has a generation of its own. The repair goes on: its end is the caller's.
 */
export async function elsewhere(
  env: Env,
  options: EngineOptions,
  places: Places,
  repair: RepairId,
  steps: Steps,
  bringing: Bringing,
): Promise<Elsewhere> {
  const { store, clock } = env;
  const { diskComesAlong, files } = bringing;
  const handedOver = (words: string, locked?: true): Elsewhere => ({
    kind: "handed-over",
    words,
    ...(locked && { locked }),
  });
  /** It was tried, and did not come up, or the old copy may run. */
  const handOver = async (words: string, locked?: true): Promise<Elsewhere> => {
    await leaveDefined(env, options, repair, steps, true);
    return handedOver(words, locked);
  };
  /** It was not started where it belongs by now. */
  const leaveOff = async (words: string): Promise<Elsewhere> => {
    if (letGo === true || claims > 0 || (await wasGivenAway())) await leaveDefined(env, options, repair, steps, false);
    return handedOver(words);
  };
  /** With its group, which then did not go back together: its own host has none of it any more. */
  const wasGivenAway = () =>
    steps.run("was given away", async () => {
      const { vm, incident } = await vmWork(env, repair);
      const isElsewhere = incident.partOf !== null && vm.hostId !== incident.hostId;
      return isElsewhere && (await notOurs(env, repair, vm)) === undefined;
    });
  const tooLate = ({ words, detail }: Trouble): StepEnd<never> => ({
    ok: false,
    words: `It could not be done within ${options.reviveWithinMs / 1000} s. Last: ${words}`,
    detail,
  });

  let letGo: boolean | "moved" = false;
  let claims = 0;
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
      const lives = host?.standing === "in-use" || host?.standing === "maintenance";
      if (host?.standing === "returning" || (lives && isPart(await vmWork(env, repair))))
        return { came: { ok: true, words: "Its host is back.", value: false } };
      if (host?.standing === "fencing") return { trouble: "Its old host is not proven off yet." };
      if (vm.movingTo !== null) return { trouble: "It is being moved." };
      const place = await places.placeOne(vm, new Set([vm.hostId]), diskComesAlong, files); // it is not let go for nothing
      if ("refusal" in place) return { came: { ok: false, words: place.refusal, detail: place.detail } };
      // It may be saved by ending and starting it: that must be over before the host lets go of it.
      if (!(await ceaseCapture(env, vm.id, 0))) return { trouble: "It is being saved, and that does not end." };
      // Nothing to let go of is no proof: a person may have moved it. Where it was us, in a try that broke off, nobody has it.
      if ((await env.hypervisor.readDomain(vm.hostId, vm.uuid)) === undefined) {
        const move = await movedByHand(env, vm);
        if (move === "moved")
          return { came: { ok: true, words: "It was moved by hand, and runs where it went.", value: move } };
        if (move !== "clear") return move;
      }
      await releaseFrom(env, vm.hostId, vm.uuid);
      return { came: { ok: true, words: "Its old host switched it off and let go of it.", value: true } };
    });
    return "came" in end ? end.came : tooLate(end.trouble);
  });
  if (!released.ok) {
    await leaveDefinedIfGone(env, repair, steps);
    return leaveOff(released.words);
  }
  letGo = released.value;
  if (letGo === "moved") return { kind: "not-needed", words: "It had been moved to another host by then." };

  const tried: HostId[] = [];
  let last = "";
  let again: Claim | undefined;
  for (let turn = 1; tried.length < placesTried && turn <= turnsAtMost; turn++) {
    const suffix = turn === 1 ? "" : ` (${turn})`;
    const claimed = again === undefined ? await placeAndClaim(suffix) : ({ claim: again } as const);
    if ("words" in claimed) return tried.length > 0 ? handOver(claimed.words) : leaveOff(claimed.words);
    if ("home" in claimed) return { kind: "not-needed", words: "Its host is back; it is looked at there." };
    const { claim } = claimed;
    claims++;
    again = undefined;

    const up = await bringing.up(claim, letGo, suffix);
    if (!up.ok) return leaveOff(up.words);
    if (up.value.kind === "locked") return handOver(up.value.words, true);
    if (up.value.kind === "refused" || up.value.kind === "damaged") {
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
    const answer = await step<Answered>(env, steps, repair, `${bringing.asking ?? "verify"}${suffix}`, async () =>
      bringing.verify((await vmWork(env, repair)).vm),
    );
    if (!answer.ok) return handedOver(answer.words); // it runs there
    if ("answeredAt" in answer.value) return { kind: "answers", tr: answer.value.answeredAt };
    if ("died" in answer.value && answer.value.byHand) {
      await steps.run("wish", () => takeAsWanted(env, repair));
      return { kind: "not-needed", words: offByHandWords };
    }
    last = "died" in answer.value ? `It ${answer.value.died} after its start. ` : `${answer.words} `;
    const freed = await step<Freed>(env, steps, repair, `free after its end${suffix}`, () =>
      freeThere(env, options, repair, claim.to),
    );
    if (!freed.ok) return handOver(`${last}${freed.words}`);
    if (bringing.another()) again = claim;
    else tried.push(claim.to);
  }
  return handOver(`${last}It was tried on ${tried.length === 1 ? "1 host" : `${tried.length} hosts`}.`);

  async function placeAndClaim(suffix: string): Promise<Claimed | { readonly words: string }> {
    // Chosen, and journalled, before it is claimed: a crash in between must not lead to another host.
    const chosen = await step<{ to: HostId }>(env, steps, repair, `place${suffix}`, async () => {
      const { vm } = await vmWork(env, repair);
      const ended = await notOurs(env, repair, vm);
      if (ended !== undefined) return { ok: false, words: ended };
      if (vm.movingTo !== null) return { ok: false, words: "It is being moved." };
      const place = await places.placeOne(vm, new Set([...tried, vm.hostId]), diskComesAlong, files);
      if ("refusal" in place) return { ok: false, words: `${last}${place.refusal}`, detail: place.detail };
      return { ok: true, words: "It has a place.", value: { to: place.host } };
    });
    if (!chosen.ok) return { words: chosen.words };
    const { to } = chosen.value;
    const claimed = await step<Claimed>(env, steps, repair, `claim${suffix}`, async () => {
      const { vm } = await vmWork(env, repair);
      const claim = await store.claimVm(repair, to, letGo === true, clock.now());
      if (claim === undefined) {
        const host = await store.host(vm.hostId);
        if (host?.standing === "returning" || host?.standing === "in-use" || host?.standing === "maintenance")
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
    return claimed.ok ? claimed.value : { words: claimed.words };
  }
}
