import { asOf, newestValid } from "../../../decide/index.ts";
import { aloneOfItsGroup, type Incident, type RepairId, type Vm, vmStates } from "../../../model/index.ts";
import { ceaseCapture, whileRead } from "../../checkpoints/in-hand.ts";
import type { EngineOptions, Env } from "../../env.ts";
import { within } from "../../guard/within.ts";
import type { Steps } from "../../ports.ts";
import { goneFromHome } from "../gone-from-home.ts";
import { offByHandWords } from "../off-by-hand.ts";
import { retry } from "../retry.ts";
import { endRounds, notHere, reviveRounds } from "../revive-rounds.ts";
import { type StepEnd, step } from "../step.ts";
import { verify } from "../verify.ts";
import { vmWork } from "../work.ts";
import { mustNotGoBack, type Off, type Restored, restoreHere, unsure } from "./bring-back.ts";
import { type Candidate, heldOf, tellDamaged } from "./candidates.ts";
import { backToOwnDisk, type OwnDisk, ownDiskHere } from "./own-disk.ts";
import { restoredAnswersWithinMs } from "./patience.ts";

/** Every byte of the saved state is read before the VM that runs is given up for it. */
const verifyWithinMs = 10 * 60_000;
const captureEndsWithinMs = 5_000;
const whyNotWithinMs = 15_000;

const refused = (words: string): StepEnd<never> => ({ ok: false, words });
const untouched = "The VM was not touched.";
const anothers = "It was given to another owner since.";
/** Who called for it has nothing to say of it any more. */
const isAnothers = (incident: Pick<Incident, "organizationId">, vm: Pick<Vm, "organizationId">): boolean =>
  incident.organizationId !== vm.organizationId;

/** Which state it is, and that it is whole; else, in words, why nothing is done. */
async function check(env: Env, repair: RepairId): Promise<StepEnd<Candidate>> {
  const { store, checkpoints, clock } = env;
  const { vm, definition, incident } = await vmWork(env, repair);
  if (isAnothers(incident, vm)) return refused(`${anothers} ${untouched}`);
  if (vm.rollbackIntolerant) return refused(`It must never go back to an older state, as was chosen. ${untouched}`);
  if (vm.checkpointGroup !== null) return refused(`${aloneOfItsGroup(vm.checkpointGroup)} ${untouched}`);
  if ((await store.host(vm.hostId))?.standing !== "in-use") return refused(`Its host is not in use now. ${untouched}`);
  if (vm.movingTo !== null) return refused(`It is being moved to another host now. ${untouched}`);
  if (definition === null) return refused(`Its definition was never read. ${untouched}`);
  const rows = await env.store.checkpointsOf(vm.id);
  const called = await store.calledCheckpoint(repair);
  const found = called === undefined ? newestValid(rows) : rows.find((it) => it.id === called);
  if (found === undefined) return refused(`This saved state is not there any more. ${untouched}`);
  if (found.state !== "valid") return refused(`This saved state is damaged. ${untouched}`);
  const held = await heldOf(env, vm);
  if (held === undefined) return refused(`The store of checkpoints does not answer. ${untouched}`);
  const there = held.find((it) => it.id === found.id);
  if (there === undefined) return refused(`This saved state cannot be read now. ${untouched}`);
  const whole =
    there.valid &&
    (await within(clock, verifyWithinMs, checkpoints.verify(found.id), undefined).catch((error: unknown) => {
      env.log.warn(`a checkpoint of ${vm.name} could not be read`, { error: String(error) });
      return undefined;
    }));
  if (whole === undefined) return refused(`It could not be read whole in time. ${untouched}`);
  if (!whole) {
    await tellDamaged(env, vm, found.id, "It was read before it was to be restored, and is not whole.");
    return refused(`This saved state is damaged. ${untouched}`);
  }
  await store.recordVerified(found.id, { ok: true, words: "Read whole before it was restored." }, clock.now());
  const { id, at } = found;
  return {
    ok: true,
    words: `The state ${asOf(at, clock.now())} is whole.`,
    value: { id, at, newest: id === newestValid(rows)?.id },
  };
}

/** Found out before anything is switched off. A store that does not answer now is asked again by the restore. */
async function whyNot(env: Env, repair: RepairId, { id }: Candidate, { xml }: OwnDisk): Promise<string | undefined> {
  const { vm } = await vmWork(env, repair);
  const request = { checkpoint: id, vm, definition: xml, generation: vm.generation };
  return within(env.clock, whyNotWithinMs, env.checkpoints.whyNot(request), undefined).catch((error: unknown) => {
    env.log.warn(`a checkpoint of ${vm.name} could not be looked at`, { error: String(error) });
    return undefined;
  });
}

/** Its owner gives up what runs, by their own call. */
async function switchOff(env: Env, options: EngineOptions, repair: RepairId): Promise<StepEnd<Off>> {
  const { vm } = await vmWork(env, repair);
  await ceaseCapture(env, vm.id, captureEndsWithinMs);
  let said = false;
  const wanted = async (now: Vm) => {
    if (now.wanted === "stopped" && !said)
      await env.store.recordWanted(now.id, "running", "Its owner called for a saved state of it.", env.clock.now());
    said = true;
  };
  const end = await retry<StepEnd<Off>>(env, options.reviveWithinMs, async () => {
    const work = await vmWork(env, repair);
    const ended = await notHere(env, repair, work.vm);
    if (ended !== undefined) return { came: refused(ended) };
    const sight = await env.hypervisor.readDomain(vm.hostId, vm.uuid);
    // Chosen since it was called for: to read all of it takes minutes.
    if (isAnothers(work.incident, work.vm)) return { came: { ok: true, words: anothers, value: "not-off" } };
    if (work.vm.rollbackIntolerant) return { came: { ok: true, words: mustNotGoBack, value: "not-off" } };
    const gone = sight === undefined ? await goneFromHome(env, work.vm, work.incident) : undefined;
    if (gone !== undefined) return { came: refused(gone) };
    if (sight === undefined || !vmStates[sight.state].alive) {
      await wanted(work.vm);
      return { came: { ok: true, words: "It does not run.", value: "off" } };
    }
    const taken = await notHere(env, repair, work.vm);
    if (taken !== undefined) return { came: refused(taken) };
    await wanted(work.vm); // before it is off: what its owner asks for after that counts
    const { words, done } = await env.hypervisor.act(vm.hostId, vm.uuid, "switch-off", work.definition ?? undefined);
    return { trouble: words, again: done };
  });
  return "came" in end ? end.came : { ok: false, words: end.trouble.words, detail: end.trouble.detail };
}

/** `assisted-restart`: the saved state that its owner called for, onto the VM's own host. What cannot be restored leaves the VM as it is. */
export const calledRestore =
  (env: Env, options: EngineOptions) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    const { store, clock } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));
    // From before the capture that is on its way ends: retention would take the one that was called for.
    const called = await store.calledCheckpoint(repair);
    if (called !== undefined) return whileRead(env, called, () => goBack(env, options, repair, steps));
    return goBack(env, options, repair, steps);
  };

async function goBack(env: Env, options: EngineOptions, repair: RepairId, steps: Steps): Promise<void> {
  const { store, clock } = env;
  const handOver = (words: string) => endRounds(env, steps, repair, { kind: "handed-over", words });
  const found = await step<Candidate>(env, steps, repair, "check", () => check(env, repair));
  const leaveAlone = (words: string) =>
    steps.run("end", () =>
      store.endRepair(repair, { state: "handed-over", incident: "cleared", words, tr: null }, clock.now()),
    );
  if (!found.ok) return leaveAlone(found.words);
  const { value: candidate } = found;
  const own = await step<OwnDisk>(env, steps, repair, "own disk", async () => {
    const found = await ownDiskHere(env, options, repair);
    const why = found.ok ? await whyNot(env, repair, candidate, found.value) : undefined;
    return why === undefined ? found : refused(`This saved state cannot be restored. ${why}`);
  });
  if (!own.ok) return leaveAlone(`${own.words} ${untouched}`);
  const off = await step<Off>(env, steps, repair, "switch off", () => switchOff(env, options, repair));
  if (!off.ok) return handOver(off.words);
  if (off.value === "not-off") return leaveAlone(`${off.words} ${untouched}`);
  const restored = await step<Restored>(env, steps, repair, "restore", async () => {
    const { repair: work } = await vmWork(env, repair);
    const begunBefore = work.steps.some((it) => it.name === "restore" && it.attempts > 1);
    return restoreHere(env, options, repair, candidate, own.value, begunBefore);
  });
  if (!restored.ok) return handOver(restored.words);
  if (restored.value.kind === "runs") return handOver("Somebody started it before the saved state was restored.");
  if (restored.value.kind !== "up") {
    const back = await step(env, steps, repair, "back to its own disk", () =>
      backToOwnDisk(env, options, repair, own.value, false),
    );
    if (!back.ok) return handOver(`${restored.value.words} It was not started from its own disk: ${back.words}`);
    const seen = { needed: true, offByUs: true };
    const rounds = await reviveRounds(env, options, repair, steps, seen, true, " (from its disk)");
    const how =
      back.value === "runs"
        ? "It was found running, and Belay did not start it."
        : "It was started again from its own disk, as it had been.";
    const said = `${restored.value.words} ${how}`;
    return handOver(rounds.kind === "answers" ? said : `${said} ${"words" in rounds ? rounds.words : ""}`);
  }
  const answer = await step(env, steps, repair, "verify", async () =>
    verify(env, { ...options, answerWithinMs: restoredAnswersWithinMs }, (await vmWork(env, repair)).vm),
  );
  const when = asOf(candidate.at, clock.now());
  const state = restored.value.sure
    ? `It was restored ${when}, as its owner called for`
    : `${unsure(`to its state ${when}`)} Its owner called for that`;
  if (!answer.ok) return handOver(`${state}. ${answer.words}`);
  if ("died" in answer.value && answer.value.byHand)
    return endRounds(env, steps, repair, { kind: "left-off", words: offByHandWords });
  if ("died" in answer.value) return handOver(`${state}, and ${answer.value.died} before it answered.`);
  return endRounds(env, steps, repair, {
    kind: "restored",
    tr: answer.value.answeredAt,
    words: `${state}, and answers.`,
  });
}
