import { z } from "zod";
import {
  causes,
  certainties,
  type Evidence,
  evidenceSources,
  type Incident,
  incidentStateNames,
  layers,
  type Repair,
  repairStateNames,
  stepStates,
  techniqueNames,
  tpSources,
} from "../../model/index.ts";
import type { Prisma } from "../generated/client.ts";
import { epochMs, epochMsOrNull, idOf, idOrNull, keyOf, oneOf } from "./narrow.ts";

/** What has to be read with an incident; one statement, however many incidents there are. */
export const wholeRepair = { steps: { orderBy: { position: "asc" } } } satisfies Prisma.RepairInclude;
export const wholeIncident = {
  repairs: { orderBy: [{ plannedAt: "asc" }, { id: "asc" }], include: wholeRepair },
} satisfies Prisma.IncidentInclude;

export type RepairRow = Prisma.RepairGetPayload<{ include: typeof wholeRepair }>;
export type IncidentRow = Prisma.IncidentGetPayload<{ include: typeof wholeIncident }>;

const incidentAwaits = ["approval"] as const;

const evidenceList = z.array(
  z.object({
    at: z.number(),
    source: z.enum(evidenceSources),
    words: z.string(),
    audience: z.enum(["all", "provider"]),
  }),
) satisfies z.ZodType<Evidence[]>;

export const toRepair = (row: RepairRow): Repair => ({
  id: idOf("rep", row.id),
  incidentId: idOf("inc", row.incidentId),
  vmId: idOrNull("vm", row.vmId),
  technique: oneOf(techniqueNames, row.technique, "repair.technique"),
  state: oneOf(repairStateNames, row.state, "repair.state"),
  plannedAt: epochMs(row.plannedAt),
  finishedAt: epochMsOrNull(row.finishedAt),
  words: row.words,
  steps: row.steps.map((step) => ({
    name: step.name,
    state: oneOf(stepStates, step.state, "repair_step.state"),
    startedAt: epochMs(step.startedAt),
    finishedAt: epochMsOrNull(step.finishedAt),
    attempts: step.attempts,
    words: step.words,
    detail: step.detail,
  })),
});

export const toIncident = (row: IncidentRow): Incident => ({
  id: idOf("inc", row.id),
  layer: oneOf(layers, row.layer, "incident.layer"),
  cause: keyOf(causes, row.cause, "incident.cause"),
  certainty: oneOf(certainties, row.certainty, "incident.certainty"),
  state: oneOf(incidentStateNames, row.state, "incident.state"),
  hostId: idOf("hst", row.hostId),
  vmId: idOrNull("vm", row.vmId),
  partOf: idOrNull("inc", row.partOf),
  awaits: row.awaits === null ? null : oneOf(incidentAwaits, row.awaits, "incident.awaits"),
  organizationId: idOrNull("org", row.organizationId),
  applicationId: idOrNull("app", row.applicationId),
  tp: epochMs(row.tp),
  tpSource: oneOf(tpSources, row.tpSource, "incident.tp_source"),
  td: epochMs(row.td),
  tr: epochMsOrNull(row.tr),
  endedAt: epochMsOrNull(row.endedAt),
  words: row.words,
  evidence: evidenceList.parse(row.evidence),
  repairs: row.repairs.map(toRepair),
});
