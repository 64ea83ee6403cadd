import type { RepairId, VmId } from "../../../model/index.ts";
import type { EngineOptions, Env } from "../../env.ts";
import { CheckpointDamaged, HostUnreachable, HypervisorRefused, type Steps } from "../../ports.ts";
import type { Bringing } from "../elsewhere.ts";
import type { Places } from "../places.ts";
import { startFromDisk } from "../relocate.ts";
import { type Claim, type Start, type StartDeed, startThere } from "../start-there.ts";
import { type StepEnd, step } from "../step.ts";
import { verify } from "../verify.ts";
import { vmWork } from "../work.ts";
import { mustNotGoBack } from "./bring-back.ts";
import { type Candidate, type Candidates, damagedWords, tellDamaged } from "./candidates.ts";
import { restoreInTime } from "./in-time.ts";
import type { OwnDisk } from "./own-disk.ts";
import { verifyRestored } from "./verify-restored.ts";

const isKnown = (error: unknown) =>
  error instanceof HypervisorRefused || error instanceof HostUnreachable || error instanceof CheckpointDamaged;

/**
 * One checkpoint onto the host that the VM was given to, where it is not. `own`: what it was made of, where that is not what the store knows.
 * `held`: it is up when it is loaded, and stands still.
 */
export async function restoreThere(
  env: Env,
  options: EngineOptions,
  places: Places,
  repair: RepairId,
  claim: Claim,
  released: boolean,
  candidate: Candidate,
  own: OwnDisk | undefined,
  held = false,
): Promise<StepEnd<Start>> {
  const restore: StartDeed = async (work, proof) => {
    const { vm } = work;
    const definition = own?.xml ?? work.definition;
    const generation = claim.generation;
    const request = { checkpoint: candidate.id, vm, definition, generation, ...(held && { held }) };
    if (vm.rollbackIntolerant) throw new HypervisorRefused(mustNotGoBack);
    const inTime = restoreInTime(env, candidate.id, (signal) =>
      env.checkpoints.restore(claim.to, request, proof, () => undefined, signal),
    );
    const done = await inTime.catch((error: unknown) => {
      if (isKnown(error)) throw error;
      // The store of bytes failed: nothing says that the VM could not be started.
      env.log.warn(`a checkpoint of ${vm.name} could not be read`, { error: String(error) });
      throw new HypervisorRefused("The checkpoint could not be read.");
    });
    if (done === undefined) throw new HypervisorRefused("The restore did not end in time.");
    return done;
  };
  const end = await startThere(env, options, places, repair, claim, released, restore, held);
  if (end.ok && end.value.kind === "damaged")
    await tellDamaged(env, (await vmWork(env, repair)).vm, candidate.id, end.detail ?? end.words);
  return end;
}

/**
 * On a host that the VM was given to: from its checkpoints, one after the other, then from its own disk. One that was found damaged, or whose
 * guest answered nobody, is not tried again on another host.
 */
export function fromCheckpoint(
  env: Env,
  options: EngineOptions,
  { places, everAnswered }: { readonly places: Places; readonly everAnswered: (vm: VmId) => boolean },
  repair: RepairId,
  steps: Steps,
  { list, said }: Candidates,
  own: OwnDisk | undefined,
  wordsOf: (candidate: Candidate, said: string) => string,
): Bringing {
  const left = [...list];
  let up: Candidate | undefined;
  let last = said;
  const damaged: Candidate[] = [];

  const restore = (claim: Claim, released: boolean, candidate: Candidate, suffix: string) =>
    step<Start>(env, steps, repair, `restore${suffix}`, () =>
      restoreThere(env, options, places, repair, claim, released, candidate, own),
    );

  return {
    async up(claim, released, suffix): Promise<StepEnd<Start>> {
      if (up !== undefined) {
        last = "It was restored and did not answer.";
        left.shift();
      }
      up = undefined;
      for (let inner = 1; ; inner++) {
        const candidate = left[0];
        if (candidate === undefined) break;
        const end = await restore(claim, released, candidate, `${suffix}${inner === 1 ? "" : `, ${inner}`}`);
        if (!end.ok || end.value.kind === "locked") return end;
        if (end.value.kind === "up") {
          up = candidate;
          return end;
        }
        if (end.value.kind === "refused" && end.value.lost) return end;
        if (end.value.kind === "refused") {
          last = end.value.words;
          break; // by the host: the next one may take it
        }
        damaged.push(candidate);
        last = damagedWords(damaged);
        left.shift();
      }
      return startFromDisk(env, options, places, repair, steps, claim, released, suffix, own);
    },
    another: () => up !== undefined,
    verify: (vm) => (up === undefined ? verify(env, options, vm) : verifyRestored(env, options, everAnswered, vm)),
    words: () =>
      up === undefined
        ? `${last} It was started on another host from its own disk, and answers again.`.trimStart()
        : wordsOf(up, last),
    diskComesAlong: list.length > 0,
  };
}
