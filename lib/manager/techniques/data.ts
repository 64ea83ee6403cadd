import { cureOfDataAtRisk, hasData, type ServerSpec, serversOn, type VmSpec } from "../description/index.ts";
import { type Act, type HandsContext, ManagerError, type ServerHands, type VmHands } from "../servers.ts";
import { type FailedVm, sorted } from "./failed-vms.ts";

/** A VM that does not answer at once is dead or dying: what its servers have not saved by now is not waited for. */
const lookMs = 3_000;

/**
 * Before a VM is given back, for its disk goes with it: the data of its servers must be somewhere else. Where they come from a save, another
 * one is made if the server still can. `refused`: why the others stay as they are.
 */
export async function mayBeGivenBack(
  { hands, vms, description, log }: HandsContext & { readonly hands: ServerHands; readonly vms: VmHands },
  specs: readonly VmSpec[],
  act: Act,
): Promise<{ readonly may: readonly VmSpec[]; readonly refused: readonly FailedVm[] }> {
  const leaving = specs.map(({ name }) => name);

  async function saveOnceMore(server: ServerSpec): Promise<void> {
    try {
      const soon = AbortSignal.any([act.signal, AbortSignal.timeout(lookMs)]);
      const health = await hands.health(server, { ...act, signal: soon });
      if (!health.ok) throw new Error(health.words);
      act.progress(null, `${server.name} is saved before its VM is given back.`);
      await hands.save(server, act);
    } catch (error) {
      act.signal.throwIfAborted();
      log(`${server.name} could not be saved once more: ${error instanceof Error ? error.message : error}`);
    }
  }

  async function look(server: ServerSpec): Promise<void> {
    const before = await hands.elsewhere(server, leaving, act);
    if (before.by === "mirror" || before.by === "owner") return act.progress(null, before.words);
    await saveOnceMore(server);
    const now = await hands.elsewhere(server, leaving, act);
    if (now.by !== "nobody") return log(now.words);
    throw new ManagerError({
      code: "dataNowhereElse",
      message: `${server.vm} is not given back, because its disk would be removed with it: ${now.words}`,
      cure: cureOfDataAtRisk(server),
    });
  }

  const looks = await Promise.allSettled(
    specs.map(async (vm) => {
      const about = serversOn(description, vm.name).filter(hasData);
      if (about.length > 0 && (await vms.hasDisk(vm, act))) await Promise.all(about.map(look));
    }),
  );
  act.signal.throwIfAborted();
  const { well, failed } = sorted(specs, looks);
  return { may: well, refused: failed };
}
