import { type MaintenanceId, parseId, type RepairId, type TechniqueName } from "../model/index.ts";
import type { EngineOptions, Env } from "./env.ts";
import type { Steps, WorkProgram } from "./ports.ts";
import { repairTogether } from "./repair/assisted/assisted.ts";
import { type EvacuationHelp, evacuateHost } from "./repair/evacuate.ts";
import { groupRestore } from "./repair/group/group-restore.ts";
import type { GroupHelp } from "./repair/group/parts.ts";
import { PriorityGate } from "./repair/priority-gate.ts";
import { relocateVm } from "./repair/relocate.ts";
import { restartLibvirtd } from "./repair/restart-libvirtd.ts";
import { calledRestore } from "./repair/restore/called-restore.ts";
import { type RestoreHelp, restoreCheckpoint } from "./repair/restore/restore-checkpoint.ts";
import { reviveVm } from "./repair/revive-vm.ts";

type RepairWorkProgram = (repair: RepairId, steps: Steps) => Promise<void>;

/** VMs that are repaired at a time. Repairs of hosts wait for those of their VMs, so they must not take their places. */
const vmsAtOnce = 32;

/** What is made elsewhere in this room. */
interface OtherPrograms {
  readonly hook: RepairWorkProgram;
  readonly drain: (maintenance: MaintenanceId, steps: Steps) => Promise<void>;
}

/** The program for all durable work: by what it is, and for a repair by its technique. */
export function programFor(
  env: Env,
  options: EngineOptions,
  help: EvacuationHelp & RestoreHelp & Pick<GroupHelp, "opened">,
  { hook, drain }: OtherPrograms,
): WorkProgram {
  const vms = new PriorityGate();
  const acting = async <T>(repair: RepairId, work: () => Promise<T>): Promise<T> => {
    const priority = (await env.store.repairWork(repair)).vm?.priority ?? 0;
    return vms.run(vmsAtOnce, priority, work);
  };
  const oneOfMany =
    (program: RepairWorkProgram): RepairWorkProgram =>
    (repair, steps) =>
      acting(repair, () => program(repair, steps));
  const together = repairTogether(env, options, { ...help, acting });
  const techniques: Record<TechniqueName, RepairWorkProgram> = {
    "revive-vm": oneOfMany(reviveVm(env, options)),
    relocate: oneOfMany(relocateVm(env, options, help.places)),
    evacuate: evacuateHost(env, options, help),
    "restart-libvirtd": restartLibvirtd(env, options, help.witness),
    hook: oneOfMany(hook),
    "restore-checkpoint": oneOfMany(restoreCheckpoint(env, options, help)),
    standby: oneOfMany(restoreCheckpoint(env, options, help)),
    // Those of one group wait for one of them, and none takes a place while it waits.
    "group-restore": groupRestore(env, options, { ...help, acting }),
    "assisted-restart": oneOfMany(calledRestore(env, options)),
    // They wait for people's programs, and take a place only while they act.
    "assisted-rebuild": together,
    "assisted-evacuate": together,
  };

  return async (work, steps) => {
    const repair = parseId("rep", work);
    const maintenance = parseId("mnt", work);
    if (maintenance !== undefined) return drain(maintenance, steps);
    if (repair === undefined) throw new Error(`${work} is no work of the engine's.`);
    const technique = await steps.run("technique", async () => (await env.store.repairWork(repair)).repair.technique);
    return techniques[technique](repair, steps);
  };
}
