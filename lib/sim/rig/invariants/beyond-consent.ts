import { consentCovers, type RepairId, techniques, type Vm, type VmId } from "../../../model/index.ts";
import type { Invariant } from "./sight.ts";

/** What a plan rests on was read a moment earlier. */
const readAgoMs = 100;

/** No repair is planned that its VM's owner does not allow, or allowed until a moment ago. */
export const beyondConsent: Invariant = ({ tables, now, vms, openRepairs }) => {
  const plannedBefore = new Set<RepairId>();
  const given = new Map<
    VmId,
    { readonly now: Vm["consent"]; readonly before: Vm["consent"]; readonly since: number }
  >();
  return function* () {
    for (const repair of openRepairs()) {
      if (plannedBefore.has(repair.id)) continue;
      plannedBefore.add(repair.id);
      const vm = repair.vmId === null ? undefined : tables.vms.get(repair.vmId)?.vm;
      if (!vm) continue;
      const { needsConsent } = techniques[repair.technique];
      const known = given.get(vm.id);
      const consents = [vm.consent];
      if (known && known.now !== vm.consent) consents.push(known.now);
      if (known && known.since > now() - readAgoMs) consents.push(known.before);
      if (!consents.some((consent) => consentCovers(consent, needsConsent)))
        yield `3: ${repair.technique} was planned for ${vm.name}, whose owner allows ${vm.consent}.`;
    }
    for (const { id, consent } of vms()) {
      const known = given.get(id);
      if (known?.now !== consent) given.set(id, { now: consent, before: known?.now ?? consent, since: now() });
    }
  };
};
