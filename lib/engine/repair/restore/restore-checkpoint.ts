import { asOfFailure } from "../../../decide/index.ts";
import type { HostId, RepairId, VmId } from "../../../model/index.ts";
import type { StandbyFinder } from "../../checkpoints/saved.ts";
import type { EngineOptions, Env } from "../../env.ts";
import type { Steps } from "../../ports.ts";
import { type First, lookFirst } from "../bring-up.ts";
import { type Bringing, bringElsewhere } from "../elsewhere.ts";
import { offByHandWords } from "../off-by-hand.ts";
import type { Places } from "../places.ts";
import { endRounds, type Rounds, reviveRounds } from "../revive-rounds.ts";
import { type StepEnd, step } from "../step.ts";
import type { StepBase, StepName } from "../step-kinds.ts";
import { vmWork } from "../work.ts";
import { type Restored, restoreHere, switchOffHere, unsure } from "./bring-back.ts";
import { type Candidate, type Candidates, candidatesFor, damagedWords, readFirst } from "./candidates.ts";
import { fromCheckpoint } from "./from-checkpoint.ts";
import { backToOwnDisk, type OwnDisk, ownDiskAsRead, ownDiskHere } from "./own-disk.ts";
import { verifyRestored } from "./verify-restored.ts";

/** What is tried one after the other is told apart by its number. */
const numbered = (name: StepBase, index: number): StepName => (index === 0 ? name : `${name} (${index + 1})`);

const saidOf = ({ at, newest }: Candidate, failedAt: number, said: string, sure = true): string =>
  sure
    ? `${newest || said === "" ? "" : `${said} `}It runs ${asOfFailure(at, failedAt)}, and answers again.`
    : `${unsure(`to its state ${asOfFailure(at, failedAt)}`)} It answers again.`;

/** What a restore needs of the engine around it. */
export interface RestoreHelp {
  readonly places: Places;
  readonly standbys: StandbyFinder;
  /** Whether it is known to answer when it is well: else its silence after a restore says nothing. */
  readonly everAnswered: (vm: VmId) => boolean;
}

/**
 * `restore-checkpoint` and `standby`: memory and disks of one instant, on the VM's own host where that is in use, else elsewhere by the rules
 * of every start elsewhere. Where no checkpoint can be restored the VM is started from its own disk, in the same repair.
 */
export const restoreCheckpoint =
  (env: Env, options: EngineOptions, help: RestoreHelp) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    const { store, clock } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));
    const chosen = await step<Candidates>(env, steps, repair, "choose", () => candidatesFor(env, repair));
    if (!chosen.ok) return endRounds(env, steps, repair, { kind: "handed-over", words: chosen.words });
    return bringBackFrom(env, options, help, repair, steps, chosen.value);
  };

/** From these checkpoints, or from its own disk where there are none; and the repair's end. */
export async function bringBackFrom(
  env: Env,
  options: EngineOptions,
  help: RestoreHelp,
  repair: RepairId,
  steps: Steps,
  chosen: Candidates,
): Promise<void> {
  const where = await step<{ here: boolean; standby: HostId | null }>(env, steps, repair, "where", () =>
    whereTo(env, help, repair, chosen),
  );
  if (!where.ok) return endRounds(env, steps, repair, { kind: "handed-over", words: where.words });
  if (where.value.here) {
    const { rounds, said } = await restoreOnItsHost(env, options, help, repair, steps, chosen);
    return endRounds(env, steps, repair, rounds, said);
  }
  const { standby } = where.value;
  const way = await elsewhereFromCheckpoint(env, options, help, repair, steps, chosen, standby);
  if ("refusal" in way) return endRounds(env, steps, repair, { kind: "handed-over", words: way.refusal });
  return bringElsewhere(env, options, help.places, repair, steps, way.bringing);
}

/** Its checkpoints are read whole first; without a whole one it needs a host that sees its disk. */
export async function elsewhereFromCheckpoint(
  env: Env,
  options: EngineOptions,
  help: RestoreHelp,
  repair: RepairId,
  steps: Steps,
  chosen: Candidates,
  standby: HostId | null,
): Promise<{ readonly bringing: Bringing } | { readonly refusal: string }> {
  const { vm, incident } = await vmWork(env, repair);
  if (standby !== null) help.places.reserve(vm, standby);
  const read = await step<Candidates>(env, steps, repair, "read", () => readFirst(env, repair, chosen));
  if (!read.ok) return { refusal: read.words };
  if (read.value.list.length === 0) help.places.settled(vm.id);
  const own =
    read.value.list.length === 0
      ? undefined
      : await step<OwnDisk>(env, steps, repair, "own disk", () => ownDiskAsRead(env, repair));
  if (own?.ok === false) return { refusal: own.words };
  const bringing = fromCheckpoint(env, options, help, repair, steps, read.value, own?.value, (candidate, said) =>
    saidOf(candidate, incident.tp, said),
  );
  return { bringing };
}

/** On its own host, while that carries VMs and its failure is not what the VM is repaired for. */
async function whereTo(
  env: Env,
  { standbys }: RestoreHelp,
  repair: RepairId,
  { list }: Candidates,
): Promise<StepEnd<{ here: boolean; standby: HostId | null }>> {
  const { vm, incident } = await vmWork(env, repair);
  const host = await env.store.host(vm.hostId);
  if (host?.standing === "in-use" && incident.partOf === null)
    return { ok: true, words: "Its host is in use: it is restored there.", value: { here: true, standby: null } };
  const newest = list[0];
  const standby = newest === undefined || !vm.standby ? undefined : await standbys.readyOn(vm, newest.id);
  const words = standby === undefined ? "It is restored on another host." : "Its replica on another host is activated.";
  return { ok: true, words, value: { here: false, standby: standby ?? null } };
}

/** On its own host, from its checkpoints one after the other, then from its own disk. */
export async function restoreOnItsHost(
  env: Env,
  options: EngineOptions,
  { everAnswered }: RestoreHelp,
  repair: RepairId,
  steps: Steps,
  { list, said }: Candidates,
): Promise<{ readonly rounds: Rounds; readonly said: string }> {
  const first = await step(env, steps, repair, "look", async () => {
    const { vm, incident } = await vmWork(env, repair);
    return lookFirst(env, options, vm, incident);
  });
  if (!first.ok) return { rounds: { kind: "handed-over", words: first.words }, said: "" };
  if (!first.value.needed) return { rounds: await reviveRounds(env, options, repair, steps, first.value), said: "" };

  const noted =
    list.length === 0
      ? undefined
      : await step<OwnDisk>(env, steps, repair, "own disk", () => ownDiskHere(env, options, repair));
  if (noted?.ok === false) return { rounds: { kind: "handed-over", words: noted.words }, said: "" };
  const own = noted?.value;
  const tries = own === undefined ? [] : list.map((candidate) => ({ candidate, own }));

  let last = said;
  let touched = false;
  let cameUp = false;
  let byOther = false;
  for (const [index, { candidate, own }] of tries.entries()) {
    const off = await step(env, steps, repair, numbered("switch off", index), () =>
      switchOffHere(env, options, repair, first.value, touched),
    );
    if (!off.ok) return { rounds: { kind: "handed-over", words: off.words }, said: "" };
    if (off.value === "not-off") break;
    const name = numbered("restore", index);
    const restored = await step<Restored>(env, steps, repair, name, async () => {
      const { repair: work } = await vmWork(env, repair);
      const begunBefore = work.steps.some((it) => it.name === name && it.attempts > 1);
      return restoreHere(env, options, repair, candidate, own, begunBefore);
    });
    if (!restored.ok) return { rounds: { kind: "handed-over", words: restored.words }, said: "" };
    touched = true;
    if (restored.value.kind === "runs") {
      byOther = true;
      break;
    }
    if (restored.value.kind !== "up") {
      if (restored.value.kind === "refused") {
        last = restored.value.words;
        break; // an older one would be refused as well
      }
      last = damagedWords(list.slice(0, index + 1));
      continue;
    }
    cameUp = true;
    const answer = await step(env, steps, repair, numbered("verify the restored", index), async () =>
      verifyRestored(env, options, everAnswered, (await vmWork(env, repair)).vm),
    );
    const { incident } = await vmWork(env, repair);
    const how = `It was restored ${asOfFailure(candidate.at, incident.tp)}`;
    if (!answer.ok) return { rounds: { kind: "handed-over", words: answer.words }, said: `${how}. ` };
    if ("answeredAt" in answer.value) {
      const tr = answer.value.answeredAt;
      return {
        rounds: { kind: "restored", tr, words: saidOf(candidate, incident.tp, last, restored.value.sure) },
        said: "",
      };
    }
    if ("died" in answer.value && answer.value.byHand)
      return { rounds: { kind: "left-off", words: offByHandWords }, said: "" };
    last = "died" in answer.value ? `${how}, and ended again.` : `${how}, and answered nobody.`;
  }
  let seen: First = { ...first.value, offByUs: first.value.offByUs || first.value.hangs === true || touched };
  if (touched && !byOther && own !== undefined) {
    const back = await step(env, steps, repair, "back to its own disk", () =>
      backToOwnDisk(env, options, repair, own, cameUp),
    );
    if (!back.ok) {
      const words = `It was not started from its own disk: ${back.words}`;
      return { rounds: { kind: "handed-over", words }, said: `${last} ` };
    }
    byOther = back.value === "runs";
    if (!byOther) seen = { needed: true, offByUs: true };
  }
  const rounds = await reviveRounds(env, options, repair, steps, seen, true, " (from its disk)");
  const how = byOther ? "It was found running, and Belay did not start it." : "It was started from its own disk.";
  return { rounds, said: `${last} ${how} `.trimStart() };
}
