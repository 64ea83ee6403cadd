import type { EngineStore, Ids } from "../../engine/ports.ts";
import {
  BelayError,
  type IncidentState,
  incidentStates,
  mayBecome,
  type Repair,
  type RepairStep,
  repairStates,
} from "../../model/index.ts";
import type { Writer } from "./changes.ts";
import {
  type IncidentRow,
  incidentOf,
  isOpenRepair,
  need,
  needAnyVm,
  needVm,
  openIncidentOf,
  openRepairOf,
  type RepairRow,
  type Tables,
} from "./tables.ts";

/** The engine's side of the store: incidents and their repairs. */
type Repairing = Pick<
  EngineStore,
  | "openIncident"
  | "clearIncident"
  | "repairsSince"
  | "openRepairs"
  | "repairWork"
  | "beginRepair"
  | "stepStarted"
  | "stepEnded"
  | "endRepair"
>;

function moved(row: IncidentRow, to: IncidentState): IncidentRow {
  if (!mayBecome(incidentStates, row.state, to))
    throw new BelayError("conflict", `Incident ${row.id} is ${row.state} and cannot become ${to}.`);
  return { ...row, state: to };
}

function movedRepair(row: RepairRow, to: Repair["state"]): RepairRow {
  if (!mayBecome(repairStates, row.state, to))
    throw new BelayError("conflict", `Repair ${row.id} is ${row.state} and cannot become ${to}.`);
  return { ...row, state: to };
}

export function repairing(tables: Tables, write: Writer, ids: Ids): Repairing {
  const rowOf = (id: RepairRow["id"]) => need(tables.repairs, id, "repair");
  const incidentRow = (id: IncidentRow["id"]) => need(tables.incidents, id, "incident");
  const nameOf = (row: Pick<RepairRow, "vmId">) => needAnyVm(tables, row.vmId).vm.name;
  const withStep = (row: RepairRow, step: RepairStep): RepairRow => ({
    ...row,
    steps: row.steps.some((it) => it.name === step.name)
      ? row.steps.map((it) => (it.name === step.name ? step : it))
      : [...row.steps, step],
  });
  const openRow = (id: RepairRow["id"]) => {
    const row = rowOf(id);
    if (row.state === "running") return row;
    throw new BelayError("conflict", `Repair ${id} is ${row.state}: its steps are not being done.`);
  };

  return {
    async openIncident({ plan, ...news }) {
      const vm = needVm(tables, news.vmId);
      if (openIncidentOf(tables, vm.id) || openRepairOf(tables, vm.id)) return undefined;
      const { hostId, organizationId, applicationId } = vm;
      const refused = "refusal" in plan;
      const incident: IncidentRow = {
        ...{ ...news, id: ids.next("inc"), state: refused ? "handed-over" : "open" },
        ...{ hostId, organizationId, applicationId, tr: null, endedAt: null },
      };
      tables.incidents.set(incident.id, incident);
      if (refused) {
        write.tellIncident(incident.id, news.words, news.td);
        return { incidentId: incident.id, repairId: undefined };
      }
      const repair: RepairRow = {
        ...{ id: ids.next("rep"), incidentId: incident.id, vmId: vm.id, technique: plan.technique, state: "planned" },
        ...{ plannedAt: news.td, begunAt: null, finishedAt: null, words: plan.words, steps: [] },
      };
      write.repair(repair, news.words, news.td);
      return { incidentId: incident.id, repairId: repair.id };
    },

    async clearIncident(vm, words, at) {
      const row = openIncidentOf(tables, vm);
      if (!row || row.state === "repairing" || openRepairOf(tables, vm)) return;
      write.incident({ ...moved(row, "cleared"), endedAt: at, words }, words, at);
    },

    repairsSince: async (vm, since) =>
      [...tables.repairs.values()].filter((it) => it.vmId === vm && it.begunAt !== null && it.begunAt >= since).length,
    openRepairs: async () => [...tables.repairs.values()].filter(isOpenRepair).map((it) => it.id),

    async repairWork(id) {
      const { begunAt, ...repair } = rowOf(id);
      const { vm, definition } = needAnyVm(tables, repair.vmId);
      return { repair, incident: incidentOf(tables, incidentRow(repair.incidentId)), vm, definition };
    },

    async beginRepair(id, at) {
      const row = rowOf(id);
      if (row.state !== "planned") return; // begun before a crash, or ended
      const incident = incidentRow(row.incidentId);
      if (incident.state !== "repairing") tables.incidents.set(incident.id, moved(incident, "repairing"));
      write.repair({ ...movedRepair(row, "running"), begunAt: at }, `${nameOf(row)}: the repair begins.`, at);
    },

    async stepStarted(id, name, at) {
      const row = openRow(id);
      const before = row.steps.find((it) => it.name === name);
      const attempts = (before?.attempts ?? 0) + 1;
      const step = {
        name,
        state: "started",
        startedAt: before?.startedAt ?? at,
        finishedAt: null,
        attempts,
        words: null,
      } as const;
      const words = attempts === 1 ? `${nameOf(row)}: ${name} begins.` : `${nameOf(row)}: ${name} begins again.`;
      write.repair(withStep(row, step), words, at);
    },

    async stepEnded(id, name, state, words, at) {
      const row = openRow(id);
      const before = row.steps.find((it) => it.name === name);
      if (!before) throw new BelayError("conflict", `Step "${name}" of repair ${id} ends and was never started.`);
      const told = state === "done" ? words : `${name} failed: ${words}`;
      write.repair(withStep(row, { ...before, state, finishedAt: at, words }), `${nameOf(row)}: ${told}`, at);
    },

    async endRepair(id, end, at) {
      const row = rowOf(id);
      if (!isOpenRepair(row)) return; // twice is once
      const incident = moved(incidentRow(row.incidentId), end.incident);
      const endedAt = incidentStates[end.incident].ended ? at : null;
      tables.incidents.set(incident.id, { ...incident, words: end.words, tr: end.tr, endedAt });
      const next = { ...movedRepair(row, end.state), finishedAt: at, words: end.words };
      write.repair(next, `${nameOf(row)}: ${end.incident}. ${end.words}`, at);
    },
  };
}
