import type { EngineStore } from "../../engine/ports.ts";
import { BelayError, incidentStates, mayBecome, type Repair, repairStates } from "../../model/index.ts";
import { emitIncident, type Parts } from "./parts.ts";
import { hostName, incidentOf, isOpenIncident, isOpenRepair, need, type RepairRow } from "./tables.ts";

type Repairs = Pick<EngineStore, "repairWork" | "beginRepair" | "stepStarted" | "stepEnded" | "endRepair">;
type Step = Repair["steps"][number];

function checkMove<S extends string>(
  table: Record<S, { next: readonly string[] }>,
  what: string,
  from: S,
  to: S,
): void {
  if (!mayBecome(table, from, to)) throw new BelayError("conflict", `${what} is ${from} and cannot become ${to}.`);
}

const withStep = (row: RepairRow, step: Step): RepairRow => ({
  ...row,
  steps: row.steps.some((it) => it.name === step.name)
    ? row.steps.map((it) => (it.name === step.name ? step : it))
    : [...row.steps, step],
});

/** The engine's side of the store: a repair from its plan to its end. Each write twice is once. */
export function repairs(parts: Parts): Repairs {
  const { tables } = parts;
  const rowOf = (id: RepairRow["id"]) => need(tables.repairs, id, "repair");
  const nameOf = (row: RepairRow): string => {
    if (row.vmId === null) return `Host ${hostName(tables, need(tables.incidents, row.incidentId, "incident").hostId)}`;
    const { vm } = need(tables.vms, row.vmId, "VM");
    return `VM ${vm.name} on host ${hostName(tables, vm.hostId)}`;
  };
  const tell = (row: RepairRow, at: number, words: string) => {
    tables.repairs.set(row.id, row);
    emitIncident(parts, row.incidentId, at, `${nameOf(row)}: ${words}`);
  };

  return {
    async repairWork(id) {
      const { begunAt, ...repair } = rowOf(id);
      const row = repair.vmId === null ? undefined : need(tables.vms, repair.vmId, "VM");
      const incident = incidentOf(tables, need(tables.incidents, repair.incidentId, "incident"));
      const { host } = need(tables.hosts, incident.hostId, "host");
      return { repair, incident, host, vm: row?.vm ?? null, definition: row?.definition ?? null };
    },

    async beginRepair(id, at) {
      const row = rowOf(id);
      const incident = need(tables.incidents, row.incidentId, "incident");
      if (row.state === "running" || !isOpenRepair(row)) return;
      checkMove(repairStates, `Repair ${id}`, row.state, "running");
      if (incident.state !== "repairing") {
        checkMove(incidentStates, `Incident ${incident.id}`, incident.state, "repairing");
        tables.incidents.set(incident.id, { ...incident, state: "repairing", awaits: null });
      }
      tell({ ...row, state: "running", begunAt: at }, at, `${row.technique} begins.`);
    },

    /** Refused for a repair that ended: somebody else ended it, and the effect must not be done. */
    async stepStarted(id, name, at) {
      const row = rowOf(id);
      if (row.state !== "running")
        throw new BelayError("conflict", `Repair ${id} is ${row.state}, so its step "${name}" cannot start.`);
      const before = row.steps.find((it) => it.name === name);
      const attempts = (before?.attempts ?? 0) + 1;
      const startedAt = before?.startedAt ?? at;
      const step: Step = { name, state: "started", startedAt, finishedAt: null, attempts, words: null, detail: null };
      tell(withStep(row, step), at, `step "${name}" starts${before ? `, attempt ${attempts}` : ""}.`);
    },

    async stepEnded(id, name, { state, words, detail }, at) {
      const row = rowOf(id);
      const step = row.steps.find((it) => it.name === name);
      if (!step) throw new BelayError("not-found", `Step "${name}" of repair ${id} was never started.`);
      if (step.state === state && step.words === words) return;
      tell(
        withStep(row, { ...step, state, finishedAt: at, words, detail }),
        at,
        `step "${name}" ${state}. ${words}${detail === null ? "" : ` (${detail})`}`,
      );
    },

    /** The first end is the end. */
    async endRepair(id, end, at) {
      const row = rowOf(id);
      const incident = need(tables.incidents, row.incidentId, "incident");
      if (!isOpenRepair(row)) return;
      if (isOpenRepair(end)) throw new BelayError("bad-input", `${end.state} is no end of a repair.`);
      checkMove(repairStates, `Repair ${id}`, row.state, end.state);
      // An open incident without a repair is nobody's work: only the failure of its host puts one back there.
      if (end.incident === "open")
        throw new BelayError("conflict", `Incident ${incident.id} is ${incident.state} and cannot become open.`);
      if (isOpenIncident(incident)) {
        checkMove(incidentStates, `Incident ${incident.id}`, incident.state, end.incident);
        const endedAt = incidentStates[end.incident].ended ? at : null;
        const ended = { state: end.incident, words: end.words, awaits: null, tr: end.tr, endedAt };
        tables.incidents.set(incident.id, { ...incident, ...ended });
      }
      const words = end.state === "succeeded" ? row.words : `${row.words} ${end.words}`;
      tell({ ...row, state: end.state, finishedAt: at, words }, at, `incident ${end.incident}. ${end.words}`);
    },
  };
}
