import type { CollaborationStore } from "../../engine/ports.ts";
import { agreementWithin, BelayError, defaultAgreement } from "../../model/index.ts";
import { findVm } from "../find.ts";
import type { Parts } from "../parts.ts";
import { toHeard, toImage, toManager, toSensorReport } from "../rows/collaboration.ts";
import { toIncident, wholeIncident } from "../rows/incident.ts";
import { epochMs, idOf, instant } from "../rows/narrow.ts";
import { toAgreement } from "../rows/organization.ts";
import { toPolicy } from "../rows/provider.ts";
import { toVm } from "../rows/vm.ts";
import { putMessage } from "./conversation.ts";

type Conversation = Omit<
  CollaborationStore,
  "openAllocations" | "allocation" | "recordAllocation" | "recordAllocated" | "recordFreed"
>;

/** From how many repairs it is said how long the next one takes. */
const historyOf = 20;

export const engineCollaboration = ({ database, write, ids }: Parts): Conversation => ({
  async agreementOf(id) {
    const vm = await database.vm.findUnique({ where: { id }, select: { application: true } });
    if (vm === null) throw new BelayError("not-found", `There is no VM ${id}.`);
    const policy = toPolicy(await database.policy.findUnique({ where: { id: 1 } }));
    return agreementWithin(vm.application === null ? defaultAgreement : toAgreement(vm.application), policy);
  },

  async image(id) {
    const row = await database.image.findUnique({ where: { id } });
    return row === null ? undefined : toImage(row);
  },

  say: ({ key, organizationId, incidentId, repairId, message }, at) =>
    write(async (tx) => {
      const known = await tx.db.conversationMessage.findUnique({ where: { key } });
      if (known !== null) return idOf("msg", known.id);
      const place = { id: ids.next("msg"), organizationId, incidentId, repairId };
      const { id } = await putMessage(tx, place, { from: "provider", key, message }, at);
      tx.wake("sayings");
      return id;
    }),

  async heardOf(repairId) {
    const rows = await database.conversationMessage.findMany({
      where: { repairId, from: "customer" },
      orderBy: { position: "asc" },
    });
    return rows.map(toHeard);
  },

  async unsettled() {
    const rows = await database.conversationMessage.findMany({
      where: { from: "customer", settledAt: null },
      orderBy: { position: "asc" },
    });
    return rows.map(toHeard);
  },

  async settle(id, at) {
    await database.conversationMessage.updateMany({
      where: { id, from: "customer", settledAt: null },
      data: { settledAt: instant(at) },
    });
  },

  async managerOf(organizationId) {
    const row = await database.managerClaim.findUnique({ where: { organizationId } });
    return row === null ? undefined : toManager(row);
  },

  async hasEndpoint(organizationId) {
    return (await database.endpoint.count({ where: { organizationId } })) === 1;
  },

  async sensorsOf(applicationId) {
    const row = await database.sensorReport.findUnique({ where: { applicationId } });
    return row === null ? undefined : toSensorReport(row);
  },

  async openIncidentOf(vmId) {
    const row = await database.incident.findFirst({ where: { vmId, endedAt: null }, include: wholeIncident });
    return row === null ? undefined : toIncident(row);
  },

  async applicationIncidents() {
    const rows = await database.incident.findMany({
      where: { layer: "application", endedAt: null },
      orderBy: [{ td: "asc" }, { id: "asc" }],
      include: wholeIncident,
    });
    return rows.map(toIncident);
  },

  async tookMs(technique, vmId) {
    const rows = await database.repair.findMany({
      where: { technique, vmId, state: "succeeded", begunAt: { not: null }, incident: { tr: { not: null } } },
      orderBy: [{ finishedAt: "desc" }, { id: "desc" }],
      take: historyOf,
      select: { begunAt: true, incident: { select: { tr: true } } },
    });
    return rows.flatMap(({ begunAt, incident: { tr } }) =>
      begunAt === null || tr === null ? [] : [Math.max(0, epochMs(tr) - epochMs(begunAt))],
    );
  },

  recordRebuilt: (id, definition, diskPaths, at) =>
    write(async ({ db, emit }) => {
      const before = await findVm(db, id);
      const same = JSON.stringify(before.diskPaths) === JSON.stringify(diskPaths);
      if (same && before.definition === definition) return;
      const vm = toVm(await db.vm.update({ where: { id }, data: { definition, diskPaths: [...diskPaths] } }));
      if (same) return;
      const words = `VM ${vm.name} on host ${before.host.name}: from now on its disks are ${diskPaths.join(", ")}.`;
      emit(at, words, { kind: "vm.changed", vm });
    }),
});
