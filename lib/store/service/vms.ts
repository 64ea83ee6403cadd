import type { ServiceStore } from "../../engine/ports.ts";
import { BelayError, changedChoices, type OrganizationId, type Vm, vmChoices } from "../../model/index.ts";
import { emitStatus } from "../engine/checkpoints.ts";
import { emitIncident } from "../engine/incidents.ts";
import { findVm } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { idOf } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";
import type { Write } from "../write/writer.ts";
import { audit } from "./audit.ts";

type VmPart = Pick<ServiceStore, "changeVm">;
type Change = Parameters<ServiceStore["changeVm"]>[1];
type Owner = Pick<Vm, "organizationId" | "applicationId">;

async function ownerAfter(write: Write, before: Vm, to: Change): Promise<Owner> {
  if (to.applicationId !== undefined && to.applicationId !== null) {
    const application = await write.db.application.findUnique({ where: { id: to.applicationId } });
    if (application === null)
      throw new BelayError("not-found", `There is no application ${to.applicationId}.`, { field: "applicationId" });
    const organizationId = idOf("org", application.organizationId);
    if (to.organizationId !== undefined && to.organizationId !== organizationId)
      throw new BelayError("bad-input", `Application ${application.name} belongs to another organization.`, {
        field: "organizationId",
        cure: "Leave it out: the VM gets the application's organization.",
      });
    return { organizationId, applicationId: to.applicationId };
  }
  const organizationId = to.organizationId === undefined ? before.organizationId : to.organizationId;
  if (organizationId !== null && organizationId !== before.organizationId)
    await checkOrganization(write, organizationId);
  // An application's VMs are its organization's: who loses the VM loses it from their application too.
  const keepsApplication = to.applicationId === undefined && organizationId === before.organizationId;
  return { organizationId, applicationId: keepsApplication ? before.applicationId : null };
}

async function checkOrganization(write: Write, id: OrganizationId): Promise<void> {
  if ((await write.db.organization.findUnique({ where: { id } })) === null)
    throw new BelayError("not-found", `There is no organization ${id}.`, { field: "organizationId" });
}

export const serviceVms = ({ write, ids }: Parts): VmPart => ({
  /**
   * What is left out stays. With an application the VM gets its organization. An open incident moves with the VM to its new owner;
   * ended ones stay with whom they happened to.
   */
  changeVm: (id, to, by, at) =>
    write(async (tx) => {
      const row = await findVm(tx.db, id);
      const before = toVm(row);
      const owner = await ownerAfter(tx, before, to);
      const wish: Vm = {
        ...before,
        ...owner,
        answerCheck: to.answerCheck ?? before.answerCheck,
        consent: to.consent ?? before.consent,
        wanted: to.wanted ?? before.wanted,
        priority: to.priority ?? before.priority,
        apart: to.apart === undefined ? before.apart : to.apart,
        together: to.together === undefined ? before.together : to.together,
        rollbackIntolerant: to.rollbackIntolerant ?? before.rollbackIntolerant,
        checkpointEveryMs: to.checkpointEveryMs === undefined ? before.checkpointEveryMs : to.checkpointEveryMs,
        standby: to.standby ?? before.standby,
        checkpointGroup: to.checkpointGroup === undefined ? before.checkpointGroup : to.checkpointGroup,
      };
      const changed = changedChoices(before, wish);
      if (changed.length === 0) return before;

      const { consent, wanted, priority, apart, together, rollbackIntolerant } = wish;
      const { checkpointEveryMs, standby, checkpointGroup } = wish;
      const choices = { consent, wanted, priority, apart, together, rollbackIntolerant };
      const saved = { checkpointEveryMs, standby, checkpointGroup };
      const data = { ...owner, ...choices, ...saved, answerCheck: toJson(wish.answerCheck) };
      const vm = toVm(await tx.db.vm.update({ where: { id }, data }));
      const details = Object.fromEntries(changed.map((name) => [name, { from: before[name], to: vm[name] }]));
      await audit(tx, ids, by, at, { action: "vm.change", subject: id, details });

      const where = `VM ${vm.name} on host ${row.host.name}`;
      const formerOwner = before.organizationId;
      if (formerOwner !== null && formerOwner !== vm.organizationId)
        tx.emit(at, `${where} is taken from its organization by ${by.name}.`, {
          kind: "vm.removed",
          vmId: id,
          organizationId: formerOwner,
        });
      tx.emit(at, `${where}: ${changed.map((name) => vmChoices[name]).join(", ")} changed by ${by.name}.`, {
        kind: "vm.changed",
        vm,
      });
      if (changed.includes("organizationId"))
        await emitStatus(tx, id, vm.organizationId, at, `${where}: its saved states go along.`);
      if (changed.includes("organizationId") || changed.includes("applicationId")) {
        const open = await tx.db.incident.findFirst({ where: { vmId: id, endedAt: null }, select: { id: true } });
        if (open !== null) {
          await tx.db.incident.update({ where: { id: open.id }, data: owner });
          await emitIncident(tx, idOf("inc", open.id), at, `${where}: its open incident goes along.`);
        }
      }
      tx.wake("vms");
      return vm;
    }),
});
