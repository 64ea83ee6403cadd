import type { ServiceStore } from "../../engine/ports.ts";
import { applicationChanges, BelayError, changedChoices, type Vm, vmChoices } from "../../model/index.ts";
import { emitStatus } from "./checkpoints.ts";
import { audit, emitIncident, type Parts } from "./parts.ts";
import { hostName, need, needVm, openIncidentOf, type Tables } from "./tables.ts";

type Owners = Pick<
  ServiceStore,
  "createOrganization" | "auditPerson" | "createApplication" | "changeApplication" | "changeVm"
>;
type Change = Parameters<ServiceStore["changeVm"]>[1];

/** With an application the VM gets its organization; who loses the VM loses it from their application too. */
function ownerAfter(tables: Tables, before: Vm, to: Change): Pick<Vm, "organizationId" | "applicationId"> {
  if (to.applicationId !== undefined && to.applicationId !== null) {
    const application = need(tables.applications, to.applicationId, "application", "applicationId");
    const { organizationId } = application;
    if (to.organizationId !== undefined && to.organizationId !== organizationId)
      throw new BelayError("bad-input", `Application ${application.name} belongs to another organization.`, {
        field: "organizationId",
      });
    return { organizationId, applicationId: application.id };
  }
  const organizationId = to.organizationId === undefined ? before.organizationId : to.organizationId;
  if (organizationId !== null && organizationId !== before.organizationId)
    need(tables.organizations, organizationId, "organization", "organizationId");
  const keeps = to.applicationId === undefined && organizationId === before.organizationId;
  return { organizationId, applicationId: keeps ? before.applicationId : null };
}

/** What people say of whose things are and how they are protected. */
export function owners(parts: Parts): Owners {
  const { tables, log } = parts;
  return {
    async createOrganization(organization, by, at) {
      const known = tables.organizations.get(organization.id);
      if (known) return known;
      tables.organizations.set(organization.id, organization);
      audit(parts, by, at, "organization.create", organization.id);
      const words = `Organization ${organization.name} was created by ${by.name}.`;
      log.append(at, words, { kind: "organization.changed", organization });
      return organization;
    },
    async auditPerson({ action, email }, by, at) {
      audit(parts, by, at, action, email);
    },
    async createApplication(application, by, at) {
      const known = tables.applications.get(application.id);
      if (known) return known;
      const owner = need(tables.organizations, application.organizationId, "organization", "organizationId");
      tables.applications.set(application.id, application);
      audit(parts, by, at, "application.create", application.id);
      const words = `Application ${application.name} of ${owner.name} was created by ${by.name}.`;
      log.append(at, words, { kind: "application.changed", application });
      return application;
    },
    async changeApplication(id, to, by, at) {
      const before = need(tables.applications, id, "application");
      const { after: application, words } = applicationChanges(before, to);
      if (words.length === 0) return before;
      tables.applications.set(id, application);
      audit(parts, by, at, "application.change", id);
      log.append(at, `Application ${application.name}: ${words.join(" ")} (Said by ${by.name}.)`, {
        ...{ kind: "application.changed", application },
      });
      parts.wake("vms");
      return application;
    },

    /** An open incident moves with the VM to its new owner; ended ones stay with whom they happened to. */
    async changeVm(id, to, by, at) {
      const row = needVm(tables, id);
      const before = row.vm;
      const owner = ownerAfter(tables, before, to);
      const { answerCheck = before.answerCheck, consent = before.consent, wanted = before.wanted } = to;
      const { priority = before.priority, rollbackIntolerant = before.rollbackIntolerant } = to;
      const { apart = before.apart, together = before.together } = to;
      const placed = { priority, rollbackIntolerant, apart, together };
      const { checkpointEveryMs = before.checkpointEveryMs, standby = before.standby } = to;
      const { checkpointGroup = before.checkpointGroup } = to;
      const saved = { checkpointEveryMs, standby, checkpointGroup };
      const vm: Vm = { ...before, ...owner, answerCheck, consent, wanted, ...placed, ...saved };
      const changed = changedChoices(before, vm);
      if (changed.length === 0) return before;
      tables.vms.set(id, { ...row, vm });
      audit(parts, by, at, "vm.change", id);

      const where = `VM ${vm.name} on host ${hostName(tables, vm.hostId)}`;
      const { organizationId } = before;
      if (organizationId !== null && organizationId !== vm.organizationId)
        log.append(at, `${where} is taken from its organization by ${by.name}.`, {
          ...{ kind: "vm.removed", vmId: id, organizationId },
        });
      log.append(at, `${where}: ${changed.map((name) => vmChoices[name]).join(", ")} changed by ${by.name}.`, {
        kind: "vm.changed",
        vm,
      });
      if (changed.includes("organizationId"))
        emitStatus(parts, id, vm.organizationId, at, `${where}: its saved states go along.`);
      const open = openIncidentOf(tables, id);
      if (open && (changed.includes("organizationId") || changed.includes("applicationId"))) {
        tables.incidents.set(open.id, { ...open, ...owner });
        emitIncident(parts, open.id, at, `${where}: its open incident goes along.`);
      }
      parts.wake("vms");
      return vm;
    },
  };
}
