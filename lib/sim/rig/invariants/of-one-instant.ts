import { instantOf } from "../../../decide/index.ts";
import type { RepairId, Vm } from "../../../model/index.ts";
import { type RepairRow, vmOfUuid } from "../../store/tables.ts";
import { isActive } from "../../world/domain.ts";
import type { Invariant } from "./sight.ts";

/**
 * A group goes back together: while one of it is taken to an instant no other runs of anything else, none goes on before all are held at it, and
 * when its repair says that it did all of them were. Who left the group meanwhile, or is started by a person, is none of it.
 */
export const ofOneInstant: Invariant = ({ tables, world, openRepairs, vms }) => {
  let seen = 0;
  let seenWent = 0;
  /** Repairs that take a group back, and who was in it when they were planned. */
  const groups = new Map<RepairId, { readonly vm: Vm["id"]; readonly others: readonly Vm[]; readonly from: number }>();
  const isOf = (vm: Vm, it: Vm) =>
    vm.checkpointGroup !== null && it.checkpointGroup === vm.checkpointGroup && it.organizationId === vm.organizationId;
  const vmOf = (id: Vm["id"]) => tables.vms.get(id)?.vm;
  const instantsSince = (uuid: string, from: number) =>
    world.saved.restores.slice(from).flatMap((it) => (it.uuid === uuid ? [instantOf(it.checkpoint)] : []));

  function runsOtherwise({ uuid }: Vm, instant: string): boolean {
    const active = world
      .hosts()
      .flatMap((host) => [...host.domains.values()].filter((it) => it.uuid === uuid && isActive(it)));
    if (active.length === 0 || active.some((it) => it.autostart)) return false;
    const last = world.saved.restores.findLast((it) => it.uuid === uuid);
    const byPerson = world.guest(uuid)?.startedByPersonAt ?? Number.NEGATIVE_INFINITY;
    if (byPerson >= (last?.at ?? 0)) return false;
    const start = world.starts.findLast((it) => it.uuid === uuid);
    return last === undefined || start?.at !== last.at || instantOf(last.checkpoint) !== instant;
  }

  return function* () {
    const open = new Set<RepairId>();
    const byVm = new Map<Vm["id"], RepairRow>();
    for (const repair of openRepairs()) {
      if (repair.technique !== "group-restore" || repair.vmId === null) continue;
      open.add(repair.id);
      byVm.set(repair.vmId, repair);
      const vm = vmOf(repair.vmId);
      if (vm === undefined || groups.has(repair.id)) continue;
      const others = vms().filter((it) => it.id !== vm.id && isOf(vm, it));
      groups.set(repair.id, { vm: vm.id, others, from: world.saved.restores.length });
    }
    for (; seen < world.saved.restores.length; seen++) {
      const restored = world.saved.restores[seen];
      const vm = restored && vmOfUuid(tables, restored.uuid);
      const repair = vm && byVm.get(vm.id);
      for (const then of (repair && groups.get(repair.id)?.others) ?? []) {
        const other = vmOf(then.id);
        if (!vm || !other || !restored || !isOf(vm, other)) continue;
        if (runsOtherwise(other, instantOf(restored.checkpoint)))
          yield `3: ${vm.name} was taken back with its group while ${other.name} runs of something else.`;
      }
    }
    for (; seenWent < world.saved.went.length; seenWent++) {
      const went = world.saved.went[seenWent];
      const vm = went && vmOfUuid(tables, went.uuid);
      const repair = vm && byVm.get(vm.id);
      const group = repair && groups.get(repair.id);
      for (const then of group?.others ?? []) {
        const other = vmOf(then.id);
        if (!vm || !other || !went || !group || !isOf(vm, other)) continue;
        if (instantsSince(other.uuid, group.from).at(-1) !== instantOf(went.checkpoint))
          yield `3: ${vm.name} was let go while ${other.name} of its group was not held at the same instant.`;
      }
    }
    for (const [id, { vm: vmId, others, from }] of groups) {
      if (open.has(id)) continue;
      groups.delete(id);
      const vm = vmOf(vmId);
      if (vm === undefined || tables.repairs.get(id)?.state !== "succeeded") continue;
      const instant = instantsSince(vm.uuid, from).at(-1);
      for (const { id: other } of others) {
        const now = vmOf(other);
        if (now === undefined || !isOf(vm, now) || instant === undefined) continue;
        if (!instantsSince(now.uuid, from).includes(instant))
          yield `3: ${vm.name} is said to have gone back with its group, and ${now.name} did not.`;
      }
    }
  };
};
