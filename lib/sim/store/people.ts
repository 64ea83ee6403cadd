import type { ServiceStore, Wakes } from "../../engine/ports.ts";
import { BelayError, type EpochMs, type Host, type Viewer, type Vm } from "../../model/index.ts";
import type { Writer } from "./changes.ts";
import type { EventLog } from "./event-log.ts";
import { incidentOf, isOpenIncident, isOpenRepair, need, needVm, type Tables } from "./tables.ts";

type People = Omit<ServiceStore, "recordIntent" | "intentByKey" | "intentOutcome">;
type Woken = Parameters<Parameters<Wakes["onWake"]>[0]>[0];

/** What people ask of the store. */
export function people(tables: Tables, write: Writer, log: EventLog, wake: (what: Woken) => void): People {
  const audit = (at: EpochMs, by: Viewer, action: string, subject: string) =>
    void tables.audit.push({ at, by, action, subject });
  const vms = () => [...tables.vms.values()].map((row) => row.vm);
  const incidentsNewestFirst = () => [...tables.incidents.values()].reverse().map((row) => incidentOf(tables, row));

  /** A host that goes takes its VMs along, and nobody works on them any more. */
  function forgetVm(vm: Vm, at: EpochMs) {
    const words = "Its host was removed from Belay.";
    for (const row of tables.repairs.values())
      if (row.vmId === vm.id && isOpenRepair(row))
        tables.repairs.set(row.id, { ...row, state: "not-needed", finishedAt: at, words });
    for (const row of tables.incidents.values())
      if (row.vmId === vm.id && isOpenIncident(row))
        write.incident({ ...row, state: "cleared", endedAt: at, words }, `${vm.name}: ${words}`, at);
    const { id: vmId, organizationId } = vm;
    log.append(at, `${vm.name} is forgotten.`, { kind: "vm.removed", vmId, organizationId });
  }

  return {
    organizations: async () => [...tables.organizations.values()],
    hosts: async () => [...tables.hosts.values()],
    applications: async () => [...tables.applications.values()],
    vms: async () => vms(),
    vm: async (id) => tables.vms.get(id)?.vm,
    host: async (id) => tables.hosts.get(id),
    incidents: async ({ limit, vmId }) =>
      incidentsNewestFirst()
        .filter((it) => vmId === undefined || it.vmId === vmId)
        .slice(0, limit),
    async incident(id) {
      const row = tables.incidents.get(id);
      return row && incidentOf(tables, row);
    },
    async snapshot(endedIncidents) {
      const incidents = incidentsNewestFirst();
      const ended = incidents.filter((it) => !isOpenIncident(it)).slice(0, endedIncidents);
      return {
        seq: log.all().length,
        organizations: [...tables.organizations.values()],
        hosts: [...tables.hosts.values()],
        applications: [...tables.applications.values()],
        vms: vms(),
        incidents: [...incidents.filter(isOpenIncident), ...ended],
      };
    },

    async enrolHost(given, by, at) {
      if ([...tables.hosts.values()].some((it) => it.uri === given.uri))
        throw new BelayError("conflict", `${given.uri} is enrolled already.`, { field: "uri" });
      const host: Host = { ...given, state: "connecting", stateSince: at, stateWords: null };
      write.host(host, `${host.name} was enrolled by ${by.name}.`, at);
      audit(at, by, "enrol-host", host.id);
      wake("hosts");
      return host;
    },
    async removeHost(id, by, at) {
      const host = need(tables.hosts, id, "host");
      for (const vm of vms().filter((it) => it.hostId === id)) {
        forgetVm(vm, at);
        tables.removedVms.set(vm.id, need(tables.vms, vm.id, "VM"));
        tables.vms.delete(vm.id);
      }
      tables.hosts.delete(id);
      log.append(at, `${host.name} was removed by ${by.name}.`, { kind: "host.removed", hostId: id });
      audit(at, by, "remove-host", id);
      wake("hosts");
    },
    async createOrganization(organization, by, at) {
      tables.organizations.set(organization.id, organization);
      log.append(at, `${organization.name} was added.`, { kind: "organization.changed", organization });
      audit(at, by, "create-organization", organization.id);
      return organization;
    },
    async createApplication(application, by, at) {
      need(tables.organizations, application.organizationId, "organization");
      tables.applications.set(application.id, application);
      log.append(at, `${application.name} was added.`, { kind: "application.changed", application });
      audit(at, by, "create-application", application.id);
      return application;
    },
    async changeApplication(id, to, by, at) {
      const application = { ...need(tables.applications, id, "application"), ...to };
      tables.applications.set(id, application);
      log.append(at, `${application.name} was changed by ${by.name}.`, { kind: "application.changed", application });
      audit(at, by, "change-application", id);
      wake("vms");
      return application;
    },
    async changeVm(id, to, by, at) {
      const vm = needVm(tables, id);
      const next: Vm = { ...vm, ...to };
      if (next.applicationId !== null) need(tables.applications, next.applicationId, "application");
      if (next.organizationId !== null) need(tables.organizations, next.organizationId, "organization");
      if (next.organizationId !== vm.organizationId)
        log.append(at, `${vm.name} changes hands.`, {
          ...{ kind: "vm.removed", vmId: id, organizationId: vm.organizationId },
        });
      write.vm(next, `${vm.name} was changed by ${by.name}.`, at);
      audit(at, by, "change-vm", id);
      wake("vms");
      return next;
    },
  };
}
