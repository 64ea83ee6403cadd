import { isDeepStrictEqual } from "node:util";
import type { EngineStore } from "../../engine/ports.ts";
import { BelayError, freshVm, hostStates, type Vm } from "../../model/index.ts";
import type { Parts } from "./parts.ts";
import { hostName, need, needVm, openIncidentOf, vmOfUuid, vmsOfHost, watchedVms } from "./tables.ts";

/** The engine's side of the store: what it learns of hosts and VMs. */
type Watching = Pick<
  EngineStore,
  | "hosts"
  | "vmsOf"
  | "allVms"
  | "host"
  | "vm"
  | "openIncidentsOf"
  | "modeOf"
  | "recordHost"
  | "adoptVm"
  | "recordVm"
  | "recordWanted"
  | "recordDefinition"
  | "definitionKnown"
>;

const seenKeys = ["state", "reason", "runId", "persistent", "memoryMiB", "vcpus"] as const;

const stateWords = (vm: Pick<Vm, "state" | "reason">) =>
  vm.reason === "none" || vm.reason === "unknown" ? vm.state : `${vm.state} (${vm.reason})`;

function turnWords(before: Vm, vm: Vm): string {
  if (before.state !== vm.state || before.reason !== vm.reason) return `${stateWords(before)} → ${stateWords(vm)}`;
  if (before.runId !== vm.runId) return `${stateWords(vm)} in a new run`;
  return `${stateWords(vm)}, ${vm.vcpus} CPUs, ${vm.memoryMiB} MiB`;
}

export function watching({ tables, log, ids }: Parts): Watching {
  const write = (vm: Vm, at: number, words: string): Vm => {
    tables.vms.set(vm.id, { ...needVm(tables, vm.id), vm });
    log.append(at, `VM ${vm.name} on host ${hostName(tables, vm.hostId)}: ${words}`, { kind: "vm.changed", vm });
    return vm;
  };

  return {
    hosts: async () => tables.inOrder.hosts.all(),
    async host(id) {
      const row = tables.hosts.get(id);
      return row?.removed ? undefined : row?.host;
    },
    async vm(id) {
      const row = tables.vms.get(id);
      return row?.removed ? undefined : row?.vm;
    },
    vmsOf: async (host) => vmsOfHost(tables, host),
    allVms: async () => watchedVms(tables),
    /** Of the VMs that are the host's now: one that failed elsewhere and was given to this host is among them. */
    openIncidentsOf: async (host) =>
      new Map(
        [...tables.by.vmOfHost.of(host)].flatMap(({ vm }) => {
          const open = openIncidentOf(tables, vm.id);
          return open === undefined ? [] : [[vm.id, open.state] as const];
        }),
      ),
    async modeOf(id) {
      const { applicationId } = need(tables.vms, id, "VM").vm;
      return applicationId === null ? "provider" : need(tables.applications, applicationId, "application").mode;
    },

    /** What was observed is written as it is. A host that was removed in the meantime is not written to. */
    async recordHost(id, state, at, stateWords, facts) {
      const row = tables.hosts.get(id);
      if (row === undefined || row.removed) return;
      const seen = { state, stateWords, ...facts };
      if (Object.entries(seen).every(([key, value]) => Reflect.get(row.host, key) === value)) return;
      const stateSince = state === row.host.state ? row.host.stateSince : at;
      const host = { ...row.host, ...seen, stateSince };
      tables.hosts.set(id, { ...row, host });
      log.append(at, `Host ${host.name}: ${stateWords ?? hostStates[state].words}`, { kind: "host.changed", host });
    },

    async adoptVm(hostId, sight, definition, wanted, at) {
      const known = vmOfUuid(tables, sight.uuid);
      if (known) return known;
      const host = tables.hosts.get(hostId);
      if (host === undefined || host.removed)
        throw new BelayError("not-found", `There is no host ${hostId} to take VM ${sight.name} on.`);
      const { uuid, name, state, reason, runId, persistent, memoryMiB, vcpus } = sight;
      const vm: Vm = {
        ...freshVm,
        ...{ id: ids.next("vm"), hostId, uuid, name, state, reason, runId, persistent, memoryMiB, vcpus, wanted },
        ...{ organizationId: null, applicationId: null, imageId: null, stateSince: at },
        answerCheck: { kind: "agent" },
        consent: "restart-vm",
        diskPaths: definition?.diskPaths ?? [],
      };
      tables.vms.set(vm.id, { vm, definition: definition?.xml ?? null, removed: false });
      const words = `VM ${name} on host ${host.host.name} was found ${stateWords(vm)} and is watched from now on.`;
      log.append(at, words, { kind: "vm.changed", vm });
      return vm;
    },

    async recordVm(id, { state, reason, runId, persistent, memoryMiB, vcpus }, at) {
      const { vm } = needVm(tables, id);
      const seen = { state, reason, runId, persistent, memoryMiB, vcpus };
      if (seenKeys.every((key) => vm[key] === seen[key])) return vm;
      const sameRun = vm.state === state && vm.runId === runId;
      const next: Vm = { ...vm, ...seen, stateSince: sameRun ? vm.stateSince : at };
      return write(next, at, `${turnWords(vm, next)}.`);
    },

    async recordWanted(id, wanted, words, at) {
      const { vm } = needVm(tables, id);
      return vm.wanted === wanted ? vm : write({ ...vm, wanted }, at, words);
    },

    async recordDefinition(id, definition, diskPaths) {
      const row = tables.vms.get(id);
      if (!row || row.removed) return;
      if (row.definition !== definition) tables.vms.set(id, { ...row, definition });
      if (isDeepStrictEqual(row.vm.diskPaths, diskPaths)) return;
      const words = diskPaths.length === 0 ? "it has no disks" : `its disks are ${diskPaths.join(", ")}`;
      write({ ...row.vm, diskPaths }, row.vm.stateSince, `${words}.`);
    },
    definitionKnown: async (id) => (tables.vms.get(id)?.definition ?? null) !== null,
  };
}
