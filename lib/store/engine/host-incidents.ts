import type { FenceStore } from "../../engine/ports.ts";
import {
  BelayError,
  type EpochMs,
  hostStandings,
  type IncidentId,
  incidentStateNames,
  incidentStates,
  mayBecome,
  type RepairId,
  type TechniqueName,
} from "../../model/index.ts";
import { findIncident } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { present, toHost } from "../rows/host.ts";
import { toIncident, wholeIncident } from "../rows/incident.ts";
import { epochMs, idOf, instant, oneOf } from "../rows/narrow.ts";
import type { Write } from "../write/writer.ts";
import { emitIncident, endOfApplication } from "./incidents.ts";
import { putStanding } from "./standing.ts";

type HostIncidentPart = Pick<
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

/** Read by the VM's owner too: no name. */
const interrupted = "Its host failed.";
const hostFailed = "The VM was lost with its host: that is told and repaired as an incident of its own.";

export const engineHostIncidents = ({ database, write, ids }: Parts): HostIncidentPart => {
  /** The repair as planned; a host that is to be evacuated is one that must be made sure to be off. */
  async function plan(tx: Write, incidentId: IncidentId, { technique, words }: Plan, at: EpochMs) {
    const id = ids.next("rep");
    await tx.db.repair.create({
      data: { id, incidentId, vmId: null, technique, words, state: "planned", plannedAt: instant(at) },
    });
    return id;
  }

  async function standForEvacuation(tx: Write, hostId: string, { technique, words }: Plan, at: EpochMs): Promise<void> {
    const row = technique === "evacuate" ? await tx.db.host.findFirst({ where: { id: hostId, ...present } }) : null;
    if (row !== null && mayBecome(hostStandings, toHost(row).standing, "fencing"))
      await putStanding(tx, hostId, { standing: "fencing", words }, at);
  }

  /** The VM's incident becomes a part: the one that it has, without the repair that was at work on a host that is gone, or a new one. */
  async function makePart(tx: Write, whole: IncidentId, news: NewHostIncident, lost: NewHostIncident["lost"][number]) {
    const { db } = tx;
    const at = instant(news.td);
    const vm = await db.vm.findFirst({
      where: { id: lost.vmId, hostId: news.hostId, ...present },
      include: { host: true },
    });
    if (vm === null) return; // it was moved or removed in the meantime
    for (const open of await db.repair.findMany({ where: { vmId: vm.id, finishedAt: null } }))
      await db.repair.update({
        where: { id: open.id },
        data: { state: "handed-over", words: `${open.words} ${interrupted}`, finishedAt: at },
      });
    await endOfApplication(tx, vm.id, hostFailed, news.td);
    const known = await db.incident.findFirst({ where: { vmId: vm.id, endedAt: null } });
    const refused = "refusal" in news.plan;
    if (known !== null)
      await db.incident.update({
        where: { id: known.id },
        data: {
          partOf: whole,
          words: lost.words,
          state: refused ? "handed-over" : known.state === "repairing" ? "open" : known.state,
        },
      });
    const { certainty, tpSource } = news;
    const id = known === null ? ids.next("inc") : idOf("inc", known.id);
    if (known === null)
      await db.incident.create({
        data: {
          ...{ id, layer: "host", cause: "host-lost", certainty, tpSource, partOf: whole },
          ...{ hostId: vm.hostId, vmId: vm.id, organizationId: vm.organizationId, applicationId: vm.applicationId },
          state: refused ? "handed-over" : "open",
          tp: instant(news.tp),
          td: at,
          words: lost.words,
          // What was observed of the host is its provider's.
          evidence: toJson(news.evidence.map((item) => ({ ...item, audience: "provider" }))),
        },
      });
    await emitIncident(tx, id, news.td, `VM ${vm.name} on host ${vm.host.name}: ${lost.words}`);
  }

  return {
    /** Also undefined, with nothing written, where the host was removed in the meantime. */
    openHostIncident: (news) =>
      write(async (tx) => {
        const { db } = tx;
        const { hostId, cause, certainty, tpSource, td, words } = news;
        const host = await db.host.findFirst({ where: { id: hostId, ...present } });
        if (host === null) return undefined;
        if ((await db.incident.count({ where: { hostId, vmId: null, endedAt: null } })) > 0) return undefined;
        const incidentId = ids.next("inc");
        await db.incident.create({
          data: {
            ...{ id: incidentId, layer: "host", cause, certainty, tpSource, hostId, words },
            state: "refusal" in news.plan ? "handed-over" : "open",
            awaits: "ask" in news.plan ? "approval" : null,
            tp: instant(news.tp),
            td: instant(td),
            evidence: toJson(news.evidence),
          },
        });
        let repairId: RepairId | undefined;
        if ("technique" in news.plan) repairId = await plan(tx, incidentId, news.plan, td);
        await emitIncident(tx, incidentId, td, `Host ${host.name}: ${words}`);
        if ("technique" in news.plan) await standForEvacuation(tx, hostId, news.plan, td);
        for (const lost of news.lost) await makePart(tx, incidentId, news, lost);
        return { incidentId, repairId };
      }),

    async openHostIncidents() {
      const rows = await database.incident.findMany({
        where: { vmId: null, endedAt: null },
        orderBy: [{ td: "asc" }, { id: "asc" }],
        include: wholeIncident,
      });
      return rows.map(toIncident);
    },

    async hostDeathsSince(since) {
      const deaths = { vmId: null, cause: "host-dead", td: { gte: instant(since) } };
      const rows = await database.incident.findMany({ where: deaths, orderBy: { td: "asc" }, select: { td: true } });
      return rows.map(({ td }) => epochMs(td));
    },

    planHostRepair: (id, planned, at) =>
      write(async (tx) => {
        const row = await findIncident(tx.db, id);
        const incident = toIncident(row);
        if (incident.vmId !== null)
          throw new BelayError("bad-input", `Incident ${id} is a VM's: this plans the repair of a host.`);
        if (incidentStates[incident.state].ended) return undefined;
        if ((await tx.db.repair.count({ where: { incidentId: id, finishedAt: null } })) > 0) return undefined;
        const repairId = await plan(tx, id, planned, at);
        // Also one that was handed over: until the repair begins it is open again.
        await tx.db.incident.update({ where: { id }, data: { words: planned.words, awaits: null, state: "open" } });
        await emitIncident(tx, id, at, `Host ${row.host.name}: ${planned.words}`);
        await standForEvacuation(tx, incident.hostId, planned, at);
        return repairId;
      }),

    clearHostIncident: (hostId, words, at) =>
      write(async (tx) => {
        const row = await tx.db.incident.findFirst({
          where: { hostId, vmId: null, endedAt: null, repairs: { none: { finishedAt: null } } },
          include: { host: true },
        });
        if (row === null) return;
        const state = oneOf(incidentStateNames, row.state, "incident.state");
        if (!mayBecome(incidentStates, state, "cleared")) return;
        const data = { state: "cleared", words, awaits: null, endedAt: instant(at) };
        await tx.db.incident.update({ where: { id: row.id }, data });
        await emitIncident(tx, idOf("inc", row.id), at, `Host ${row.host.name}: ${words}`);
      }),

    async personSaysOff(id) {
      const row = await database.incident.findUnique({ where: { id }, select: { saidOffBy: true, saidOffAt: true } });
      if (row === null || row.saidOffBy === null || row.saidOffAt === null) return undefined;
      return { by: row.saidOffBy, at: epochMs(row.saidOffAt) };
    },
  };
};
