import type { Ids, Wakes } from "../../engine/ports.ts";
import type { EpochMs, IncidentId, Viewer } from "../../model/index.ts";
import type { EventLog } from "./event-log.ts";
import { incidentOf, need, type Tables } from "./tables.ts";

/** What every part of the store is made from. */
export interface Parts {
  readonly tables: Tables;
  readonly log: EventLog;
  readonly ids: Ids;
  wake(what: Parameters<Parameters<Wakes["onWake"]>[0]>[0]): void;
  /** Wakes those who deliver messages to customers. */
  wakeDelivery(): void;
}

/** Tells the incident as it is now, whole with its repairs and their steps. */
export function emitIncident({ tables, log }: Parts, id: IncidentId, at: EpochMs, words: string): void {
  const incident = incidentOf(tables, need(tables.incidents, id, "incident"));
  log.append(at, words, { kind: "incident.changed", incident });
}

export const audit = ({ tables }: Parts, by: Viewer, at: EpochMs, action: string, subject: string): void =>
  void tables.audit.push({ at, by, action, subject });
