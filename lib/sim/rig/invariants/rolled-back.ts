import { consentCovers, type RepairId, techniques, type Vm } from "../../../model/index.ts";
import { vmOfUuid } from "../../store/tables.ts";
import type { Invariant } from "./sight.ts";

const readAgoMs = 100;
const allows = (vm: Pick<Vm, "consent">): boolean =>
  consentCovers(vm.consent, techniques["restore-checkpoint"].needsConsent);

/**
 * Nothing goes back to an older state that may not, neither by a plan nor in the world: not a workload that its owner called intolerant of
 * it, and without the owner's consent only what they called for. What was so a moment before the plan counts.
 */
export const rolledBack: Invariant = ({ tables, world, now, vms, openRepairs }) => {
  let seen = 0;
  /** Repairs that roll back, and whether the owner let them when they were planned. */
  const planned = new Map<RepairId, { readonly tolerant: boolean; readonly allowed: boolean }>();
  const tolerantAt = new Map<Vm["id"], number>();
  const allowedAt = new Map<Vm["id"], number>();
  const was = (at: ReadonlyMap<Vm["id"], number>, vm: Vm) =>
    now() - (at.get(vm.id) ?? Number.NEGATIVE_INFINITY) <= readAgoMs;

  return function* () {
    for (const { id, vmId, technique } of openRepairs()) {
      const vm = vmId === null ? undefined : tables.vms.get(vmId)?.vm;
      if (!vm || planned.has(id)) continue;
      const tolerant = !vm.rollbackIntolerant || was(tolerantAt, vm);
      planned.set(id, { tolerant, allowed: allows(vm) || was(allowedAt, vm) });
      if (techniques[technique].rollsBack && !tolerant)
        yield `3: ${technique} was planned for ${vm.name}, whose owner says that it must never go back.`;
    }
    for (; seen < world.saved.restores.length; seen++) {
      const restored = world.saved.restores[seen];
      const vm = restored && vmOfUuid(tables, restored.uuid);
      if (!vm) continue;
      const repair = openRepairs().find((it) => it.vmId === vm.id);
      const then = repair && planned.get(repair.id);
      if (vm.rollbackIntolerant && then?.tolerant !== true)
        yield `3: ${vm.name} was taken back, whose owner says that it must never be.`;
      if (repair?.technique !== "assisted-restart" && !allows(vm) && then?.allowed !== true)
        yield `3: ${vm.name} was taken back, whose owner allows ${vm.consent} and did not call for it.`;
    }
    for (const vm of vms()) {
      if (!vm.rollbackIntolerant) tolerantAt.set(vm.id, now());
      if (allows(vm)) allowedAt.set(vm.id, now());
    }
  };
};
