import type { EngineStore } from "../../engine/ports.ts";
import { hostStates, incidentStateNames } from "../../model/index.ts";
import type { Parts } from "../parts.ts";
import { present, toHost } from "../rows/host.ts";
import { idOf, instant, oneOf } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";

type HostPart = Pick<EngineStore, "hosts" | "host" | "vm" | "vmsOf" | "allVms" | "openIncidentsOf" | "recordHost">;

/** What the engine knows and learns of hosts. */
export const engineHosts = ({ database, write }: Parts): HostPart => ({
  async hosts() {
    const rows = await database.host.findMany({ where: present, orderBy: [{ enrolledAt: "asc" }, { id: "asc" }] });
    return rows.map(toHost);
  },

  async host(id) {
    const row = await database.host.findFirst({ where: { id, ...present } });
    return row === null ? undefined : toHost(row);
  },

  async vm(id) {
    const row = await database.vm.findFirst({ where: { id, ...present } });
    return row === null ? undefined : toVm(row);
  },

  async vmsOf(hostId) {
    const rows = await database.vm.findMany({
      where: { hostId, ...present },
      orderBy: [{ name: "asc" }, { id: "asc" }],
    });
    return rows.map(toVm);
  },

  async allVms() {
    const rows = await database.vm.findMany({ where: present, orderBy: { id: "asc" } });
    return rows.map(toVm);
  },

  /** Of the VMs that are the host's now: one that failed elsewhere and was given to this host is among them. */
  async openIncidentsOf(hostId) {
    const rows = await database.incident.findMany({
      where: { vm: { hostId, ...present }, endedAt: null },
      select: { vmId: true, state: true },
    });
    return new Map(
      rows.flatMap(({ vmId, state }) =>
        vmId === null ? [] : [[idOf("vm", vmId), oneOf(incidentStateNames, state, "incident.state")]],
      ),
    );
  },

  /** What was observed is written as it is. A host that was removed in the meantime is not written to. */
  async recordHost(id, state, at, words, facts) {
    const seen = { state, stateWords: words, ...facts };
    const isNews = (row: object) => Object.entries(seen).some(([column, value]) => Reflect.get(row, column) !== value);
    const known = await database.host.findFirst({ where: { id, ...present } });
    if (known === null || !isNews(known)) return; // no lock of all writes for what is known
    await write(async ({ db, emit }) => {
      const before = await db.host.findFirst({ where: { id, ...present } });
      if (before === null || !isNews(before)) return;
      const stateSince = before.state === state ? before.stateSince : instant(at);
      const host = toHost(await db.host.update({ where: { id }, data: { ...seen, stateSince } }));
      emit(at, `Host ${host.name}: ${words ?? hostStates[state].words}`, { kind: "host.changed", host });
    });
  },
});
