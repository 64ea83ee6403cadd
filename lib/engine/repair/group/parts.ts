import { groupKey, groupRefusal } from "../../../decide/index.ts";
import type { CheckpointId, EpochMs, HostId, Incident, Repair, RepairId, Vm, VmId } from "../../../model/index.ts";
import { companionsOf } from "../../checkpoints/saved.ts";
import type { EngineOptions, Env } from "../../env.ts";
import type { Steps } from "../../ports.ts";
import type { OwnDisk } from "../restore/own-disk.ts";
import type { RestoreHelp } from "../restore/restore-checkpoint.ts";
import type { Claim } from "../start-there.ts";
import type { StepBase } from "../step-kinds.ts";

/** What taking a group back needs of the engine around it. */
export interface GroupHelp extends RestoreHelp {
  /** A VM that was well has an incident now: its host's watch has to know. */
  readonly opened: (repair: RepairId, vm: Vm) => Promise<void>;
  /** Takes one of the places of those that repair at a time. */
  readonly acting: <T>(repair: RepairId, work: () => Promise<T>) => Promise<T>;
}

/** One repair that takes the whole group back: that of the VM which failed first. */
export interface Lead {
  readonly env: Env;
  readonly options: EngineOptions;
  readonly help: GroupHelp;
  readonly repair: RepairId;
  readonly steps: Steps;
}

/** A VM of the group, and its own repair. All of these are plain data: they are journalled. */
export interface Member {
  readonly vm: VmId;
  readonly repair: RepairId;
}
export type Seat = Member & {
  readonly own: OwnDisk;
  /** Where it goes on: on its own host, or on one that it was given to. */
  readonly on: { readonly host: HostId; readonly claim: Claim | null };
};
/** One instant, as it was saved of each. */
export interface Instant {
  readonly at: EpochMs;
  readonly newest: boolean;
  readonly of: readonly { readonly vm: VmId; readonly checkpoint: CheckpointId }[];
}

/** Steps by which the repairs of a group see each other. Each has one of them in its own repair. */
export const stepNames = {
  turn: "the group's turn",
  stopped: "stop with the group",
  alone: "not with the group",
  /** What it was made of, before the first of them was stopped: written once, for whoever takes the group over. */
  ownDisk: "own disk",
  back: "back with the group",
  givenUp: "give the group up",
} as const satisfies Record<string, StepBase>;

export const hasStep = ({ steps }: Pick<Repair, "steps">, name: string, state?: "done"): boolean =>
  steps.some((it) => it.name === name && (state === undefined || it.state === state));

export const openGroupRepair = (incident: Incident | undefined): Repair | undefined =>
  incident?.repairs.find((it) => it.finishedAt === null && it.technique === "group-restore");

/** Why the group does not go back, by what its owners have chosen until now. */
export async function refusalNow(
  env: Pick<Env, "store">,
  vm: Vm,
  companions: readonly Vm[],
): Promise<string | undefined> {
  const intervals = await env.store.checkpointIntervals();
  return groupRefusal([vm, ...companions].map((it) => ({ vm: it, everyMs: intervals.get(it.id) })));
}

/** Repairs of the VM's companions that are to go back with it, by VM. */
export async function repairsBeside(env: Pick<Env, "store">, vm: Vm): Promise<ReadonlyMap<VmId, Repair>> {
  const found = new Map<VmId, Repair>();
  for (const { id } of await companionsOf(env, vm)) {
    const repair = openGroupRepair(await env.store.openIncidentOf(id));
    if (repair !== undefined) found.set(id, repair);
  }
  return found;
}

/** Which repair of this life takes each group back: one that was ended from outside may still be at work. */
const leading = new WeakMap<Env, Map<string, RepairId>>();
export function leaders(env: Env): Map<string, RepairId> {
  const known = leading.get(env) ?? new Map<string, RepairId>();
  leading.set(env, known);
  return known;
}
export const keyOf = (vm: Vm): string => (vm.checkpointGroup === null ? vm.id : groupKey(vm));
