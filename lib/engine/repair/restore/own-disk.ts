import { type RepairId, vmStates } from "../../../model/index.ts";
import type { EngineOptions, Env } from "../../env.ts";
import { retry, type Trouble } from "../retry.ts";
import { notHere } from "../revive-rounds.ts";
import type { StepEnd } from "../step.ts";
import { vmWork } from "../work.ts";

/**
 * What the VM was made of before anything was restored: a restore leaves a definition that names the disk of its checkpoint, and the VM's
 * own disk, which is newer, would lie unused. Plain data: it is journalled before the first restore.
 */
export interface OwnDisk {
  readonly xml: string;
  readonly diskPaths: readonly string[];
  readonly persistent: boolean;
}

const ended = ({ words, detail }: Trouble): StepEnd<never> => ({ ok: false, words, detail });
const noted = (value: OwnDisk): StepEnd<OwnDisk> => ({ ok: true, words: "It is known what it is made of.", value });
const neverRead: StepEnd<never> = { ok: false, words: "Its definition was never read." };

/** As Belay last read it: its host may be dead. */
export async function ownDiskAsRead(env: Env, repair: RepairId): Promise<StepEnd<OwnDisk>> {
  const { vm, definition } = await vmWork(env, repair);
  return definition === null ? neverRead : noted({ xml: definition, diskPaths: vm.diskPaths, persistent: true });
}

/** As its host has it; one that a host does not know any more as Belay last read it. */
export async function ownDiskHere(env: Env, options: EngineOptions, repair: RepairId): Promise<StepEnd<OwnDisk>> {
  const end = await retry<StepEnd<OwnDisk>>(env, options.reviveWithinMs, async () => {
    const { vm, definition } = await vmWork(env, repair);
    const taken = await notHere(env, repair, vm);
    if (taken !== undefined) return { came: { ok: false, words: taken } };
    const sight = await env.hypervisor.readDomain(vm.hostId, vm.uuid);
    if (sight !== undefined) {
      const { xml, diskPaths } = await env.hypervisor.readDefinition(vm.hostId, vm.uuid);
      return { came: noted({ xml, diskPaths, persistent: sight.persistent }) };
    }
    if (definition === null) return { came: neverRead };
    const { diskPaths, persistent } = vm;
    return { came: noted({ xml: definition, diskPaths, persistent }) };
  });
  return "came" in end ? end.came : ended(end.trouble);
}

/** `runs`: by somebody's hand, or by a restore whose answer was lost. It is left as it is. */
export type Back = "own-disk" | "runs";

/**
 * Before it is started from its own disk on its own host: it is off, and its definition is the one from before the restores.
 * `replaces`: a restore of this repair came up and did not answer, so what runs is switched off.
 */
export async function backToOwnDisk(
  env: Env,
  options: EngineOptions,
  repair: RepairId,
  own: OwnDisk,
  replaces: boolean,
): Promise<StepEnd<Back>> {
  const end = await retry<StepEnd<Back>>(env, options.reviveWithinMs, async () => {
    const { vm } = await vmWork(env, repair);
    const taken = await notHere(env, repair, vm);
    if (taken !== undefined) return { came: { ok: false, words: taken } };
    const { hypervisor, store } = env;
    const sight = await hypervisor.readDomain(vm.hostId, vm.uuid);
    if (sight?.state === "stopping") return { trouble: "The hypervisor is busy with it." };
    if (sight !== undefined && vmStates[sight.state].alive) {
      const words = `It is ${sight.state} (${sight.reason}), so it was left as it is.`;
      if (!replaces) return { came: { ok: true, words, value: "runs" } };
      const off = await hypervisor.act(vm.hostId, vm.uuid, "switch-off");
      return { trouble: off.words, again: off.done }; // the next look tells whether it took
    }
    if (sight?.state === "stopped" && sight.reason === "migrated")
      return { came: { ok: true, words: "It went to another host.", value: "runs" } };
    await hypervisor.defineAgain(vm.hostId, vm.uuid, own, vm.generation);
    await store.recordDefinition(vm.id, own.xml, own.diskPaths);
    return { came: { ok: true, words: "It is off, and is made of its own disk again.", value: "own-disk" } };
  });
  return "came" in end ? end.came : ended(end.trouble);
}
