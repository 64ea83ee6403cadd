import type { ProviderStore } from "../../engine/ports.ts";
import { BelayError, type EpochMs, type Evidence, type IncidentId, incidentStates } from "../../model/index.ts";
import { emitIncident } from "../engine/incidents.ts";
import { findIncident } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toIncident } from "../rows/incident.ts";
import { instant } from "../rows/narrow.ts";
import type { Write } from "../write/writer.ts";
import { audit } from "./audit.ts";

type AnswerPart = Pick<ProviderStore, "approve" | "sayOff">;

/** What a person said is evidence from here on. */
const heard = (known: readonly Evidence[], at: EpochMs, words: string) =>
  toJson([...known, { at, source: "operator", words, audience: "provider" } satisfies Evidence]);

async function findOpen(tx: Write, id: IncidentId) {
  const row = await findIncident(tx.db, id);
  const incident = toIncident(row);
  if (incidentStates[incident.state].ended)
    throw new BelayError("conflict", `Incident ${id} has ended: ${incident.words}`);
  return { row, incident };
}

/** What people answer while Belay waits for them. */
export const serviceAnswers = ({ write, ids }: Parts): AnswerPart => ({
  /** An incident that awaits nothing is a conflict: it was answered, or never asked. */
  approve: (id, by, at) =>
    write(async (tx) => {
      const { row, incident } = await findOpen(tx, id);
      if (incident.awaits === null) throw new BelayError("conflict", `Incident ${id} awaits no answer.`);
      const words = `${by.name} approved: Belay goes on.`;
      const data = { awaits: null, evidence: heard(incident.evidence, at, words) };
      await tx.db.incident.update({ where: { id }, data });
      await audit(tx, ids, by, at, { action: "incident.approve", subject: id, details: { asked: incident.words } });
      await emitIncident(tx, id, at, `Host ${row.host.name}: ${words}`);
      tx.wake("hosts");
      return toIncident(await findIncident(tx.db, id));
    }),

  /** The first word counts; said again it is no news. */
  sayOff: (id, by, at) =>
    write(async (tx) => {
      const { row, incident } = await findOpen(tx, id);
      if (incident.vmId !== null)
        throw new BelayError("bad-input", `Incident ${id} is a VM's: only a host can be said to be off.`);
      if (row.saidOffAt !== null) return incident;
      const words = `${by.name} says that the host is off and stays off.`;
      const said = { saidOffBy: by.name, saidOffAt: instant(at) };
      await tx.db.incident.update({ where: { id }, data: { ...said, evidence: heard(incident.evidence, at, words) } });
      await audit(tx, ids, by, at, { action: "incident.say-off", subject: id, details: { hostId: incident.hostId } });
      await emitIncident(tx, id, at, `Host ${row.host.name}: ${words}`);
      tx.wake("hosts");
      return toIncident(await findIncident(tx.db, id));
    }),
});
