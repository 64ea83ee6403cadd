import type { FenceStore } from "../../engine/ports.ts";
import {
  BelayError,
  type EpochMs,
  hostStandings,
  incidentStates,
  mayBecome,
  type TechniqueName,
} from "../../model/index.ts";
import { endOfApplication } from "./incidents.ts";
import { emitIncident, type Parts } from "./parts.ts";
import { putStanding } from "./standing.ts";
import {
  hostName,
  type IncidentRow,
  incidentHasOpenRepair,
  incidentOf,
  isOpenIncident,
  need,
  openHostIncidentOf,
  openIncidentOf,
  openIncidents,
  openRepairOf,
} from "./tables.ts";

type HostIncidents = Pick<
  FenceStore,
  | "openHostIncident"
  | "openHostIncidents"
  | "hostDeathsSince"
  | "planHostRepair"
  | "clearHostIncident"
  | "personSaysOff"
>;
type NewHostIncident = Parameters<FenceStore["openHostIncident"]>[0];
interface Plan {
  readonly technique: TechniqueName;
  readonly words: string;
}

const interrupted = "Its host failed.";
const hostFailed = "The VM was lost with its host: that is told and repaired as an incident of its own.";

/** The incidents of hosts, with those of their VMs as parts. */
export function hostIncidents(parts: Parts): HostIncidents {
  const { tables, ids } = parts;

  function plan(incidentId: IncidentRow["id"], { technique, words }: Plan, at: EpochMs) {
    const id = ids.next("rep");
    tables.repairs.set(id, {
      ...{ id, incidentId, vmId: null, technique, state: "planned", words },
      ...{ plannedAt: at, begunAt: null, finishedAt: null, steps: [] },
    });
    return id;
  }

  function standForEvacuation(hostId: IncidentRow["hostId"], { technique, words }: Plan, at: EpochMs): void {
    const row = technique === "evacuate" ? tables.hosts.get(hostId) : undefined;
    if (row && !row.removed && mayBecome(hostStandings, row.host.standing, "fencing"))
      putStanding(parts, hostId, { standing: "fencing", words }, at);
  }

  /** The VM's incident becomes a part: the one that it has, without the repair that was at work on a host that is gone, or a new one. */
  function makePart(whole: IncidentRow, news: NewHostIncident, lost: NewHostIncident["lost"][number]): void {
    const row = tables.vms.get(lost.vmId);
    if (row === undefined || row.removed || row.vm.hostId !== news.hostId) return;
    const { vm } = row;
    const { certainty, tp, tpSource, td } = news;
    const { words } = lost;
    const open = openRepairOf(tables, vm.id);
    if (open)
      tables.repairs.set(open.id, {
        ...{ ...open, state: "handed-over", words: `${open.words} ${interrupted}`, finishedAt: td },
      });
    endOfApplication(parts, vm.id, hostFailed, td);
    const known = openIncidentOf(tables, vm.id);
    const state = "refusal" in news.plan ? "handed-over" : known?.state === "handed-over" ? "handed-over" : "open";
    const part: IncidentRow = known
      ? { ...known, partOf: whole.id, words, state }
      : {
          ...{
            id: ids.next("inc"),
            layer: "host",
            cause: "host-lost",
            certainty,
            state,
            partOf: whole.id,
            awaits: null,
          },
          ...{ hostId: vm.hostId, vmId: vm.id, organizationId: vm.organizationId, applicationId: vm.applicationId },
          ...{ tp, tpSource, td, tr: null, endedAt: null, words },
          evidence: news.evidence.map((item) => ({ ...item, audience: "provider" })),
        };
    tables.incidents.set(part.id, part);
    emitIncident(parts, part.id, td, `VM ${vm.name} on host ${hostName(tables, vm.hostId)}: ${words}`);
  }

  return {
    async openHostIncident(news) {
      const { hostId, cause, certainty, tp, tpSource, td, words, evidence } = news;
      const host = tables.hosts.get(hostId);
      if (host === undefined || host.removed || openHostIncidentOf(tables, hostId)) return undefined;
      const incident: IncidentRow = {
        ...{ id: ids.next("inc"), layer: "host", cause, certainty, hostId, vmId: null, partOf: null },
        ...{ organizationId: null, applicationId: null },
        ...{ state: "refusal" in news.plan ? "handed-over" : "open", awaits: "ask" in news.plan ? "approval" : null },
        ...{ tp, tpSource, td, tr: null, endedAt: null, words, evidence },
      };
      tables.incidents.set(incident.id, incident);
      const planned = "technique" in news.plan ? news.plan : undefined;
      const repairId = planned && plan(incident.id, planned, td);
      emitIncident(parts, incident.id, td, `Host ${host.host.name}: ${words}`);
      if (planned) standForEvacuation(hostId, planned, td);
      for (const lost of news.lost) makePart(incident, news, lost);
      return { incidentId: incident.id, repairId };
    },

    hostDeathsSince: async (since) =>
      [...tables.incidents.values()]
        .filter((it) => it.vmId === null && it.cause === "host-dead" && it.td >= since)
        .map((it) => it.td)
        .sort((a, b) => a - b),

    openHostIncidents: async () =>
      openIncidents(tables)
        .filter((it) => it.vmId === null)
        .sort((a, b) => a.td - b.td || (a.id < b.id ? -1 : 1))
        .map((row) => incidentOf(tables, row)),

    async planHostRepair(id, planned, at) {
      const incident = need(tables.incidents, id, "incident");
      if (incident.vmId !== null)
        throw new BelayError("bad-input", `Incident ${id} is a VM's: this plans the repair of a host.`);
      if (!isOpenIncident(incident) || incidentHasOpenRepair(tables, id)) return undefined;
      const repairId = plan(id, planned, at);
      tables.incidents.set(id, { ...incident, words: planned.words, awaits: null, state: "open" });
      emitIncident(parts, id, at, `Host ${hostName(tables, incident.hostId)}: ${planned.words}`);
      standForEvacuation(incident.hostId, planned, at);
      return repairId;
    },

    async clearHostIncident(host, words, at) {
      const row = openHostIncidentOf(tables, host);
      if (!row || incidentHasOpenRepair(tables, row.id)) return;
      if (!mayBecome(incidentStates, row.state, "cleared")) return;
      tables.incidents.set(row.id, { ...row, state: "cleared", words, awaits: null, endedAt: at });
      emitIncident(parts, row.id, at, `Host ${hostName(tables, host)}: ${words}`);
    },

    personSaysOff: async (id) => tables.saidOff.get(id),
  };
}
