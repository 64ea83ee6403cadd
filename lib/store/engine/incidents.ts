import type { EngineStore } from "../../engine/ports.ts";
import { type EpochMs, type IncidentId, incidentStateNames, incidentStates, mayBecome } from "../../model/index.ts";
import { findIncident } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toIncident } from "../rows/incident.ts";
import { epochMs, idOf, instant, oneOf } from "../rows/narrow.ts";
import type { Write } from "../write/writer.ts";

type IncidentPart = Pick<EngineStore, "openIncident" | "clearIncident" | "repairsSince" | "openRepairs" | "injectedAt">;

/** Tells the incident as it is now, whole with its repairs and their steps. */
export async function emitIncident(write: Write, id: IncidentId, at: EpochMs, words: string): Promise<void> {
  const incident = toIncident(await findIncident(write.db, id));
  write.emit(at, words, { kind: "incident.changed", incident });
}

/**
 * A VM has one incident at a time. One of its owner's servers does not stand in the way of what happens to the VM itself, or is done for it: it
 * is over then.
 */
export async function endOfApplication(write: Write, vmId: string, words: string, at: EpochMs): Promise<void> {
  const row = await write.db.incident.findFirst({
    where: { vmId, layer: "application", endedAt: null, repairs: { none: { finishedAt: null } } },
    include: { host: true },
  });
  if (row === null) return;
  const data = { state: "cleared", words, awaits: null, endedAt: instant(at) };
  await write.db.incident.update({ where: { id: row.id }, data });
  await emitIncident(write, idOf("inc", row.id), at, `Host ${row.host.name}: ${words}`);
}

export const engineIncidents = ({ database, write, ids }: Parts): IncidentPart => ({
  /** Also undefined, with nothing written, where the VM was removed in the meantime: it is nobody's to repair. */
  openIncident: (incident) =>
    write(async (tx) => {
      const { db } = tx;
      const vm = await db.vm.findUnique({ where: { id: incident.vmId }, include: { host: true } });
      if (vm === null || vm.removedAt !== null) return undefined;
      // Nobody can open another until we commit; the partial unique indexes are there for hands other than ours.
      if ((await db.incident.count({ where: { vmId: vm.id, endedAt: null } })) > 0) return undefined;
      if ((await db.repair.count({ where: { vmId: vm.id, finishedAt: null } })) > 0) return undefined;

      const incidentId = ids.next("inc");
      const { plan } = incident;
      const refused = "refusal" in plan;
      const { layer, cause, certainty, tpSource } = incident;
      await db.incident.create({
        data: {
          ...{ id: incidentId, layer, cause, certainty, tpSource },
          ...{ hostId: vm.hostId, vmId: vm.id, organizationId: vm.organizationId, applicationId: vm.applicationId },
          state: refused ? "handed-over" : "open",
          tp: instant(incident.tp),
          td: instant(incident.td),
          words: incident.words,
          evidence: toJson(incident.evidence),
        },
      });
      const repairId = refused ? undefined : ids.next("rep");
      if (!refused && repairId !== undefined) {
        const { technique, words } = plan;
        const repair = { id: repairId, incidentId, vmId: vm.id, technique, words, state: "planned" };
        await db.repair.create({ data: { ...repair, plannedAt: instant(incident.td) } });
      }
      await emitIncident(tx, incidentId, incident.td, `Host ${vm.host.name}: ${incident.words}`);
      return { incidentId, repairId };
    }),

  clearIncident: (vmId, words, at) =>
    write(async (tx) => {
      const row = await tx.db.incident.findFirst({
        where: { vmId, endedAt: null, repairs: { none: { finishedAt: null } } },
        include: { host: true },
      });
      if (row === null) return;
      const state = oneOf(incidentStateNames, row.state, "incident.state");
      if (!mayBecome(incidentStates, state, "cleared")) return;
      await tx.db.incident.update({
        where: { id: row.id },
        data: { state: "cleared", words, awaits: null, endedAt: instant(at) },
      });
      await emitIncident(tx, idOf("inc", row.id), at, `Host ${row.host.name}: ${words}`);
    }),

  /**
   * Counts repairs that began and touched the VM, or may have: not those that were not needed, nor those of faults that people
   * injected, that its host or another VM of its group failed of, or that somebody called for: those say nothing of the VM's health.
   */
  repairsSince: (vmId, since) =>
    database.repair.count({
      where: {
        vmId,
        begunAt: { gte: instant(since) },
        state: { not: "not-needed" },
        incident: { tpSource: { not: "injected" }, cause: { notIn: ["host-lost", "called-restore", "group-failed"] } },
      },
    }),

  async openRepairs() {
    const rows = await database.repair.findMany({
      where: { finishedAt: null },
      orderBy: [{ plannedAt: "asc" }, { id: "asc" }],
      select: { id: true },
    });
    return rows.map((row) => idOf("rep", row.id));
  },

  /** When the engine began to carry the fault out: the failure cannot be older. A fault that could not be injected does not count. */
  async injectedAt(vmId, since) {
    const row = await database.intent.findFirst({
      where: { vmId, kind: "kill-vm", begunAt: { gte: instant(since) }, OR: [{ ok: null }, { ok: true }] },
      orderBy: { begunAt: "desc" },
      select: { begunAt: true },
    });
    return row?.begunAt ? epochMs(row.begunAt) : undefined;
  },
});
