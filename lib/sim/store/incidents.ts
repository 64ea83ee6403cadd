import type { EngineStore } from "../../engine/ports.ts";
import { type EpochMs, incidentStates, mayBecome, type VmId } from "../../model/index.ts";
import { emitIncident, type Parts } from "./parts.ts";
import { hostName, type IncidentRow, openIncidentOf, openRepairOf, openRepairs, type RepairRow } from "./tables.ts";

type Incidents = Pick<EngineStore, "openIncident" | "clearIncident" | "repairsSince" | "openRepairs">;

const notItsOwn: readonly IncidentRow["cause"][] = ["host-lost", "called-restore", "group-failed"];
/** What people broke or called for, and what its host or its group failed of, says nothing of a VM's health. */
const saysNothing = (incident: IncidentRow | undefined) =>
  incident !== undefined && (incident.tpSource === "injected" || notItsOwn.includes(incident.cause));

/** An incident of its owner's servers is over where something happens to the VM itself. */
export function endOfApplication(parts: Parts, vm: VmId, words: string, at: EpochMs): void {
  const { tables } = parts;
  const row = openIncidentOf(tables, vm);
  if (row?.layer !== "application" || openRepairOf(tables, vm)) return;
  tables.incidents.set(row.id, { ...row, state: "cleared", words, awaits: null, endedAt: at });
  emitIncident(parts, row.id, at, `Host ${hostName(tables, row.hostId)}: ${words}`);
}

/** The engine's side of the store: incidents and which repairs there are. */
export function incidents(parts: Parts): Incidents {
  const { tables, ids } = parts;
  return {
    async openIncident({ plan, ...news }) {
      const row = tables.vms.get(news.vmId);
      if (row === undefined || row.removed) return undefined;
      const { vm } = row;
      if (openIncidentOf(tables, vm.id) || openRepairOf(tables, vm.id)) return undefined;
      const refused = "refusal" in plan;
      const { layer, cause, certainty, tp, tpSource, td, evidence, words } = news;
      const incident: IncidentRow = {
        ...{ id: ids.next("inc"), layer, cause, certainty, state: refused ? "handed-over" : "open" },
        ...{ hostId: vm.hostId, vmId: vm.id, organizationId: vm.organizationId, applicationId: vm.applicationId },
        ...{ partOf: null, awaits: null },
        ...{ tp, tpSource, td, tr: null, endedAt: null, words, evidence },
      };
      tables.incidents.set(incident.id, incident);
      let repairId: RepairRow["id"] | undefined;
      if (!refused) {
        repairId = ids.next("rep");
        const { technique } = plan;
        tables.repairs.set(repairId, {
          ...{ id: repairId, incidentId: incident.id, vmId: vm.id, technique, state: "planned" },
          ...{ plannedAt: td, begunAt: null, finishedAt: null, words: plan.words, steps: [] },
        });
      }
      emitIncident(parts, incident.id, td, `Host ${hostName(tables, vm.hostId)}: ${words}`);
      return { incidentId: incident.id, repairId };
    },

    async clearIncident(vm, words, at) {
      const row = openIncidentOf(tables, vm);
      if (!row || openRepairOf(tables, vm) || !mayBecome(incidentStates, row.state, "cleared")) return;
      tables.incidents.set(row.id, { ...row, state: "cleared", words, awaits: null, endedAt: at });
      emitIncident(parts, row.id, at, `Host ${hostName(tables, row.hostId)}: ${words}`);
    },

    repairsSince: async (vm, since) =>
      [...tables.by.repairsOfVm.of(vm)].filter(
        (it) =>
          it.begunAt !== null &&
          it.begunAt >= since &&
          it.state !== "not-needed" &&
          !saysNothing(tables.incidents.get(it.incidentId)),
      ).length,
    openRepairs: async () => openRepairs(tables).map((it) => it.id),
  };
}
