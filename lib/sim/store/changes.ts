import type { EpochMs, Host, IncidentId, Vm } from "../../model/index.ts";
import type { EventLog } from "./event-log.ts";
import { type IncidentRow, incidentOf, need, type RepairRow, type Tables } from "./tables.ts";

/** Writing a row and telling of it, in one. Each `change` has the form that lib/contract names. */
export interface Writer {
  host(host: Host, words: string, at: EpochMs): void;
  vm(vm: Vm, words: string, at: EpochMs): Vm;
  /** The definition is nobody's news. */
  definition(vm: Vm, definition: string | null): void;
  incident(row: IncidentRow, words: string, at: EpochMs): void;
  repair(row: RepairRow, words: string, at: EpochMs): void;
  tellIncident(id: IncidentId, words: string, at: EpochMs): void;
}

export function createWriter(tables: Tables, log: EventLog): Writer {
  const tellIncident = (id: IncidentId, words: string, at: EpochMs) => {
    const incident = incidentOf(tables, need(tables.incidents, id, "incident"));
    log.append(at, words, { kind: "incident.changed", incident });
  };
  return {
    tellIncident,
    host(host, words, at) {
      tables.hosts.set(host.id, host);
      log.append(at, words, { kind: "host.changed", host });
    },
    vm(vm, words, at) {
      tables.vms.set(vm.id, { vm, definition: tables.vms.get(vm.id)?.definition ?? null });
      log.append(at, words, { kind: "vm.changed", vm });
      return vm;
    },
    definition: (vm, definition) => void tables.vms.set(vm.id, { vm, definition }),
    incident(row, words, at) {
      tables.incidents.set(row.id, row);
      tellIncident(row.id, words, at);
    },
    repair(row, words, at) {
      tables.repairs.set(row.id, row);
      tellIncident(row.incidentId, words, at);
    },
  };
}
