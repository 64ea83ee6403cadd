import type { EngineStore } from "../../engine/ports.ts";
import {
  BelayError,
  type IncidentState,
  incidentStates,
  mayBecome,
  type RepairId,
  type RepairState,
  repairStates,
} from "../../model/index.ts";
import { findRepair, nameOf } from "../find.ts";
import type { Parts } from "../parts.ts";
import { toHost } from "../rows/host.ts";
import { toIncident, toRepair } from "../rows/incident.ts";
import { instant, instantOrNull } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";
import { emitIncident } from "./incidents.ts";

type RepairPart = Pick<EngineStore, "repairWork" | "beginRepair" | "stepStarted" | "stepEnded" | "endRepair">;

function checkRepair(id: RepairId, from: RepairState, to: RepairState): void {
  if (!mayBecome(repairStates, from, to))
    throw new BelayError("conflict", `Repair ${id} is ${from} and cannot become ${to}.`);
}

function checkIncident(id: string, from: IncidentState, to: IncidentState): void {
  if (!mayBecome(incidentStates, from, to))
    throw new BelayError("conflict", `Incident ${id} is ${from} and cannot become ${to}.`);
}

export const engineRepairs = ({ database, write }: Parts): RepairPart => ({
  /** The host is the one that the incident happened on. Also of a repair that ended and of what was removed: `repair.state` says so. */
  async repairWork(id) {
    const row = await findRepair(database, id);
    return {
      repair: toRepair(row),
      incident: toIncident(row.incident),
      host: toHost(row.incident.host),
      vm: row.vm === null ? null : toVm(row.vm),
      definition: row.vm?.definition ?? null,
    };
  },

  /** Once is enough: begun or ended already, it is left as it is. */
  beginRepair: (id, at) =>
    write(async (tx) => {
      const row = await findRepair(tx.db, id);
      const repair = toRepair(row);
      const incident = toIncident(row.incident);
      if (repair.state === "running" || repairStates[repair.state].ended) return;
      checkRepair(id, repair.state, "running");
      await tx.db.repair.update({ where: { id }, data: { state: "running", begunAt: instant(at) } });
      if (incident.state !== "repairing") {
        checkIncident(incident.id, incident.state, "repairing");
        await tx.db.incident.update({ where: { id: incident.id }, data: { state: "repairing", awaits: null } });
      }
      await emitIncident(tx, incident.id, at, `${nameOf(row)}: ${repair.technique} begins.`);
    }),

  /** Refused for a repair that ended: somebody else ended it (its host was removed), and the effect must not be done. */
  stepStarted: (id, name, at) =>
    write(async (tx) => {
      const row = await findRepair(tx.db, id);
      const repair = toRepair(row);
      if (repair.state !== "running")
        throw new BelayError("conflict", `Repair ${id} is ${repair.state}, so its step "${name}" cannot start.`);
      const again = repair.steps.find((step) => step.name === name);
      const attempts = (again?.attempts ?? 0) + 1;
      await tx.db.repairStep.upsert({
        where: { repairId_name: { repairId: id, name } },
        create: {
          ...{ repairId: id, name, attempts },
          position: repair.steps.length + 1,
          state: "started",
          startedAt: instant(at),
        },
        update: { state: "started", attempts, finishedAt: null, words: null, detail: null },
      });
      const which = again === undefined ? "" : `, attempt ${attempts}`;
      await emitIncident(tx, repair.incidentId, at, `${nameOf(row)}: step "${name}" starts${which}.`);
    }),

  /** Written also when the repair has ended meanwhile: it was done. The same end twice is once. */
  stepEnded: (id, name, { state, words, detail }, at) =>
    write(async (tx) => {
      const row = await findRepair(tx.db, id);
      const repair = toRepair(row);
      const step = repair.steps.find((known) => known.name === name);
      if (step === undefined) throw new BelayError("not-found", `Step "${name}" of repair ${id} was never started.`);
      if (step.state === state && step.words === words) return;
      await tx.db.repairStep.update({
        where: { repairId_name: { repairId: id, name } },
        data: { state, words, detail, finishedAt: instant(at) },
      });
      await emitIncident(
        tx,
        repair.incidentId,
        at,
        `${nameOf(row)}: step "${name}" ${state}. ${words}${detail === null ? "" : ` (${detail})`}`,
      );
    }),

  /** The first end is the end. */
  endRepair: (id, end, at) =>
    write(async (tx) => {
      const row = await findRepair(tx.db, id);
      const repair = toRepair(row);
      const incident = toIncident(row.incident);
      if (repairStates[repair.state].ended) return;
      if (!repairStates[end.state].ended) throw new BelayError("bad-input", `${end.state} is no end of a repair.`);
      checkRepair(id, repair.state, end.state);
      // An open incident without a repair is nobody's work: only the failure of its host puts one back there.
      if (end.incident === "open")
        throw new BelayError("conflict", `Incident ${incident.id} is ${incident.state} and cannot become open.`);
      // Why this technique, and where it ended badly also why.
      const words = end.state === "succeeded" ? repair.words : `${repair.words} ${end.words}`;
      await tx.db.repair.update({ where: { id }, data: { state: end.state, words, finishedAt: instant(at) } });
      if (!incidentStates[incident.state].ended) {
        checkIncident(incident.id, incident.state, end.incident);
        const endedAt = incidentStates[end.incident].ended ? instant(at) : null; // handed over: until the VM is well
        const data = { state: end.incident, words: end.words, awaits: null, tr: instantOrNull(end.tr), endedAt };
        await tx.db.incident.update({ where: { id: incident.id }, data });
      }
      await emitIncident(tx, incident.id, at, `${nameOf(row)}: incident ${end.incident}. ${end.words}`);
    }),
});
