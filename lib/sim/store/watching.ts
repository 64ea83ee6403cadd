import type { EngineStore, Ids } from "../../engine/ports.ts";
import { BelayError, hostStates, mayBecome, type Vm } from "../../model/index.ts";
import type { Writer } from "./changes.ts";
import { isOpenIncident, need, needVm, type Tables } from "./tables.ts";

/** The engine's side of the store: what it sees of hosts and VMs. */
type Watching = Pick<
  EngineStore,
  | "hosts"
  | "vmsOf"
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

const inWords = (vm: Pick<Vm, "name" | "state" | "reason">) =>
  `${vm.name} is ${vm.state}${vm.reason === "none" || vm.reason === "unknown" ? "" : ` (${vm.reason})`}.`;

export const watching = (tables: Tables, write: Writer, ids: Ids): Watching => ({
  hosts: async () => [...tables.hosts.values()],
  vmsOf: async (host) => [...tables.vms.values()].map((row) => row.vm).filter((vm) => vm.hostId === host),
  openIncidentsOf: async (host) =>
    new Map(
      [...tables.incidents.values()]
        .filter((it) => isOpenIncident(it) && tables.vms.get(it.vmId)?.vm.hostId === host)
        .map((it) => [it.vmId, it.state]),
    ),
  async modeOf(id) {
    const { applicationId } = needVm(tables, id);
    return applicationId === null ? "provider" : need(tables.applications, applicationId, "application").mode;
  },

  async recordHost(id, state, at, words, facts) {
    const host = tables.hosts.get(id);
    if (!host) return; // removed meanwhile
    if (state !== host.state && !mayBecome(hostStates, host.state, state))
      throw new BelayError("conflict", `${host.name} is ${host.state} and cannot become ${state}.`);
    const stateSince = state === host.state ? host.stateSince : at;
    const next = { ...host, ...facts, state, stateSince, stateWords: words };
    if (JSON.stringify(next) === JSON.stringify(host)) return;
    const told =
      state === "up" ? `${host.name} answers.` : `${host.name} is ${state}: ${words ?? "no reason is known"}`;
    write.host(next, told, at);
  },

  async adoptVm(hostId, sight, definition, wanted, at) {
    const host = need(tables.hosts, hostId, "host");
    const known = [...tables.vms.values()].find(({ vm }) => vm.hostId === hostId && vm.uuid === sight.uuid);
    if (known) return known.vm;
    const vm: Vm = {
      ...sight,
      id: ids.next("vm"),
      hostId,
      organizationId: null,
      applicationId: null,
      imageId: null,
      wanted,
      stateSince: at,
      answerCheck: { kind: "agent" },
      consent: "restart-vm",
    };
    write.definition(vm, definition);
    return write.vm(vm, `${vm.name} was found on ${host.name} (${vm.state}) and is watched from now on.`, at);
  },

  async recordVm(id, sight, at) {
    const vm = needVm(tables, id);
    if (seenKeys.every((key) => vm[key] === sight[key])) return vm;
    const turned = vm.state !== sight.state || vm.reason !== sight.reason || vm.runId !== sight.runId;
    const next: Vm = { ...vm, ...sight, stateSince: turned ? at : vm.stateSince };
    return write.vm(next, inWords(next), at);
  },

  async recordWanted(id, wanted, words, at) {
    const vm = needVm(tables, id);
    if (vm.wanted === wanted) return vm;
    return write.vm({ ...vm, wanted }, `${vm.name}: ${words}`, at);
  },

  recordDefinition: async (id, definition) => write.definition(needVm(tables, id), definition),
  definitionKnown: async (id) => need(tables.vms, id, "VM").definition !== null,
});
