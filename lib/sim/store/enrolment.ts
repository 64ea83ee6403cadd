import type { ServiceStore } from "../../engine/ports.ts";
import { BelayError, type EpochMs, freshHost, type Host, type Vm } from "../../model/index.ts";
import { putMaintenance } from "./maintenance.ts";
import { audit, emitIncident, type Parts } from "./parts.ts";
import { byText, isOpenIncident, isOpenRepair, need } from "./tables.ts";

/** Nothing stays open on a host that Belay forgets: whoever looks at an incident or an intent has to learn how it ended. */
function endWhatIsOpen(parts: Parts, host: Host, at: EpochMs): void {
  const { tables } = parts;
  const words = "Its host was removed from Belay.";
  // A VM that failed here and was given to another host goes on there; the host's own incident has no VM.
  const isMine = (vmId: Vm["id"] | null, hostId: Host["id"] | undefined) =>
    (vmId === null ? hostId : tables.vms.get(vmId)?.vm.hostId) === host.id;
  for (const row of tables.repairs.values())
    if (isOpenRepair(row) && isMine(row.vmId, tables.incidents.get(row.incidentId)?.hostId))
      tables.repairs.set(row.id, {
        ...{ ...row, state: "handed-over", words: `${row.words} ${words}`, finishedAt: at },
      });
  const open = [...tables.incidents.values()]
    .filter((it) => isOpenIncident(it) && isMine(it.vmId, it.hostId))
    .sort((a, b) => byText(a.id, b.id));
  for (const row of open) tables.incidents.set(row.id, { ...row, state: "cleared", words, awaits: null, endedAt: at });
  for (const { id, vmId } of open)
    emitIncident(parts, id, at, vmId === null ? words : `VM ${need(tables.vms, vmId, "VM").vm.name}: ${words}`);
  for (const it of [...tables.maintenances.values()].sort((a, b) => byText(a.id, b.id)))
    if (it.hostId === host.id && it.endedAt === null)
      putMaintenance(parts, { ...it, state: "ended", words, endedAt: at }, at, words);
  for (const { id, hostId } of [...tables.fenceDevices.values()].sort((a, b) => byText(a.id, b.id))) {
    if (hostId !== host.id) continue;
    tables.fenceDevices.delete(id);
    parts.log.append(at, `A fence device is forgotten. ${words}`, { kind: "fence-device.removed", fenceDeviceId: id });
  }
  for (const row of [...tables.vms.values()].sort((a, b) => byText(a.vm.id, b.vm.id))) {
    if (row.removed || row.vm.movingTo !== host.id) continue;
    if (need(tables.hosts, row.vm.hostId, "host").host.state !== "up") continue; // it may have arrived, and this is the only trace of it
    const vm: Vm = { ...row.vm, movingTo: null };
    tables.vms.set(vm.id, { ...row, vm });
    const said = `VM ${vm.name} is not being moved any more: that host was removed.`;
    parts.log.append(at, said, { kind: "vm.changed", vm });
  }
  for (const row of tables.intents.values())
    if (row.hostId === host.id && row.ended === null)
      tables.intents.set(row.id, { ...row, ended: { at, ok: false, words } });
  for (const row of tables.wishes.values())
    if (tables.vms.get(row.vmId)?.vm.hostId === host.id && row.ended === null)
      tables.wishes.set(row.id, { ...row, ended: { at, ok: false, words } });
}

/** Hosts that come and go. */
export function enrolment(parts: Parts): Pick<ServiceStore, "enrolHost" | "removeHost"> {
  const { tables, log } = parts;
  return {
    async enrolHost(given, by, at) {
      const known = tables.hosts.get(given.id);
      if (known && !known.removed && known.host.uri === given.uri) return known.host;
      const same = [...tables.hosts.values()].find((row) => !row.removed && row.host.uri === given.uri);
      if (same)
        throw new BelayError("conflict", `${given.uri} is enrolled already, as ${same.host.name}.`, { field: "uri" });
      if (known) throw new BelayError("conflict", `The id ${given.id} belongs to another host.`, { field: "id" });
      const host: Host = { ...freshHost, ...given, state: "connecting", stateSince: at, stateWords: null };
      tables.hosts.set(host.id, { host, removed: false });
      audit(parts, by, at, "host.enrol", host.id);
      log.append(at, `Host ${host.name} was enrolled by ${by.name}.`, { kind: "host.changed", host });
      parts.wake("hosts");
      return host;
    },

    async removeHost(id, by, at) {
      const { host, removed } = need(tables.hosts, id, "host");
      if (removed) return;
      endWhatIsOpen(parts, host, at);
      const rows = [...tables.vms.values()].filter((row) => !row.removed && row.vm.hostId === id);
      for (const row of rows.sort((a, b) => byText(a.vm.id, b.vm.id))) {
        tables.vms.set(row.vm.id, { ...row, removed: true });
        const { id: vmId, name, organizationId } = row.vm;
        const change = { kind: "vm.removed", vmId, organizationId };
        log.append(at, `VM ${name} on host ${host.name} is watched no more.`, change);
      }
      tables.hosts.set(id, { host, removed: true });
      audit(parts, by, at, "host.remove", id);
      const words = `Host ${host.name} was removed by ${by.name}; no guest was touched.`;
      log.append(at, words, { kind: "host.removed", hostId: id });
      parts.wake("hosts");
    },
  };
}
