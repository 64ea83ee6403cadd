import { consentCovers, type RepairId, techniques, type Vm, type VmId } from "../../../model/index.ts";
import type { Invariant } from "./sight.ts";

/** No repair is planned that its VM's owner does not allow. What the owner says at the same moment is no matter. */
export const beyondConsent: Invariant = ({ tables, vms, openRepairs }) => {
  const plannedBefore = new Set<RepairId>();
  const consentBefore = new Map<VmId, Vm["consent"]>();
  return function* () {
    for (const repair of openRepairs()) {
      if (plannedBefore.has(repair.id)) continue;
      plannedBefore.add(repair.id);
      const vm = repair.vmId === null ? undefined : tables.vms.get(repair.vmId)?.vm;
      if (!vm) continue;
      const { needsConsent } = techniques[repair.technique];
      const consents = [vm.consent, consentBefore.get(vm.id) ?? vm.consent];
      if (!consents.some((given) => consentCovers(given, needsConsent)))
        yield `3: ${repair.technique} was planned for ${vm.name}, whose owner allows ${vm.consent}.`;
    }
    for (const vm of vms()) consentBefore.set(vm.id, vm.consent);
  };
};
