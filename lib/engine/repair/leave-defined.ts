import type { Incident, RepairId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { notRunning } from "../not-running.ts";
import { HypervisorRefused, type Steps } from "../ports.ts";
import { retry } from "./retry.ts";
import { type StepEnd, step } from "./step.ts";
import { notOurs, vmWork } from "./work.ts";

const known = (words: string): StepEnd<null> => ({ ok: true, words, value: null });

const mayRunTwice = "leave it defined";
const notStarted = "leave it off";

/**
 * A VM that could be started nowhere is still one: the host that it belongs to by now knows it, stopped, so that people can start it. Before
 * this its old host had let go of it, or will once it is back, and each host that was tried has forgotten it. That nothing of it can be
 * defined is no failure of the repair: then it is written down as missing. `mayBeTwo`: it was tried and did not come up, or the old copy may run;
 * else something stood in the way of a start, and it may be started once that is over.
 */
export const leaveDefined = (env: Env, options: EngineOptions, repair: RepairId, steps: Steps, mayBeTwo: boolean) =>
  step<null>(env, steps, repair, mayBeTwo ? mayRunTwice : notStarted, () =>
    defineOnItsHost(env, repair, options.reviveWithinMs),
  );

/**
 * It was given to a host and did not come up there, perhaps because its old copy may run: a start on its own host asks for no proof, so
 * Belay starts it there no more by itself.
 */
export const wasLeftDefined = (incident: Pick<Incident, "repairs"> | undefined): boolean =>
  incident?.repairs.some(({ steps }) => steps.some(({ name }) => name === mayRunTwice)) === true;

/**
 * The same where it may be that its old host let go of it, and most often did not: nobody is told of a step. A transient one that ended is
 * defined nowhere, as it was before.
 */
export const leaveDefinedIfGone = (env: Env, repair: RepairId, steps: Steps) =>
  steps.run(notStarted, async () => {
    if ((await vmWork(env, repair)).vm.persistent) await defineOnItsHost(env, repair);
  });

/** One try. */
const onceMs = 1;

/** The same as a part of a step. Where its host knows the VM nothing is done. */
export async function defineOnItsHost(env: Env, repair: RepairId, withinMs = onceMs): Promise<StepEnd<null>> {
  const { hypervisor, store, clock, log } = env;
  const end = await retry<StepEnd<null>>(env, withinMs, async () => {
    const { vm, definition } = await vmWork(env, repair);
    const ended = await notOurs(env, repair, vm);
    if (ended !== undefined) return { came: known(ended) };
    const standing = (await store.host(vm.hostId))?.standing;
    if (standing !== "in-use" && standing !== "maintenance") return { came: known("Its host is not in use.") };
    const sight = await hypervisor.readDomain(vm.hostId, vm.uuid);
    if (sight !== undefined) return { came: known(`It is ${sight.state} there.`) };
    try {
      if (definition === null) throw new HypervisorRefused("Its definition was never read.");
      await hypervisor.defineAgain(vm.hostId, vm.uuid, { xml: definition, persistent: true }, vm.generation);
      return { came: known("It is defined there, and stopped.") };
    } catch (error) {
      if (!(error instanceof HypervisorRefused)) throw error;
      log.warn(`${vm.name} is defined on no host: ${error.message}`, { host: vm.hostId });
      await store.recordVm(vm.id, notRunning(vm, "missing"), clock.now());
      return { came: known("It is defined on no host.") };
    }
  });
  if ("came" in end) return end.came;
  return { ...known("It could not be defined there."), detail: end.trouble.detail ?? end.trouble.words };
}
