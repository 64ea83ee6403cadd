import { isDeepStrictEqual } from "node:util";
import type { MaintenanceStore, ProviderStore } from "../../engine/ports.ts";
import {
  BelayError,
  hostStandings,
  type Maintenance,
  type Move,
  maintenanceStates,
  mayBecome,
} from "../../model/index.ts";
import { audit, type Parts } from "./parts.ts";
import { putStanding } from "./standing.ts";
import { byText, hostName, need, needHost, type Tables } from "./tables.ts";

type ForPeople = Pick<ProviderStore, "beginMaintenance" | "endMaintenance" | "maintenances">;

const endedOnes = 50;
const isOpen = (it: Maintenance) => it.endedAt === null;

/** Writes the maintenance and tells it, whole with its moves. */
export function putMaintenance(
  { tables, log }: Parts,
  maintenance: Maintenance,
  at: number,
  words: string,
): Maintenance {
  tables.maintenances.set(maintenance.id, maintenance);
  const name = hostName(tables, maintenance.hostId);
  log.append(at, `Host ${name}, maintenance: ${words}`, { kind: "maintenance.changed", maintenance });
  return maintenance;
}

const moveWords = ({ name, state, phase, percent, words }: Move): string => {
  const how = state === "moving" ? `, ${phase === null ? "" : `${phase}, `}${Math.floor(percent)} %` : "";
  return `VM ${name} ${state}${how}.${words === null ? "" : ` ${words}`}`;
};

/** All open ones, then the newest that ended; newest first. */
export function newestMaintenances(tables: Tables): Maintenance[] {
  const all = [...tables.maintenances.values()].sort((a, b) => b.startedAt - a.startedAt || byText(b.id, a.id));
  return [...all.filter(isOpen), ...all.filter((it) => !isOpen(it)).slice(0, endedOnes)];
}

export function engineMaintenance(parts: Parts): MaintenanceStore {
  const { tables } = parts;
  return {
    openMaintenances: async () =>
      [...tables.maintenances.values()].filter(isOpen).sort((a, b) => a.startedAt - b.startedAt || byText(a.id, b.id)),
    maintenance: async (id) => need(tables.maintenances, id, "maintenance"),
    async recordMove(id, given, at) {
      const before = need(tables.maintenances, id, "maintenance");
      const known = before.moves.find((it) => it.vmId === given.vmId);
      const goesOn = known?.state === "moving" && given.state === "moving";
      const move = goesOn ? { ...given, percent: Math.max(known.percent, given.percent) } : given;
      if (isDeepStrictEqual(known, move)) return;
      const moves = known ? before.moves.map((it) => (it === known ? move : it)) : [...before.moves, move];
      putMaintenance(parts, { ...before, moves }, at, moveWords(move));
    },
    /** The end is the end. */
    async recordMaintenance(id, state, words, at) {
      const before = need(tables.maintenances, id, "maintenance");
      if (!isOpen(before) || (before.state === state && before.words === words)) return;
      const endedAt = maintenanceStates[state].ended ? at : null;
      putMaintenance(parts, { ...before, state, words, endedAt }, at, words);
    },
  };
}

export function peopleMaintenance(parts: Parts): ForPeople {
  const { tables } = parts;
  return {
    maintenances: async () => newestMaintenances(tables),

    async beginMaintenance({ id, hostId, parallel }, by, at) {
      const known = tables.maintenances.get(id);
      if (known && known.hostId === hostId) return known;
      if (known) throw new BelayError("conflict", `The id ${id} belongs to another maintenance.`, { field: "id" });
      const { host } = needHost(tables, hostId);
      if ([...tables.maintenances.values()].some((it) => it.hostId === hostId && isOpen(it)))
        throw new BelayError("conflict", `Host ${host.name} is in maintenance already.`);
      const said = `${by.name} works on it.`;
      if (host.standing !== "maintenance") {
        if (!mayBecome(hostStandings, host.standing, "maintenance"))
          throw new BelayError("conflict", `Host ${host.name} is ${host.standing} and cannot become maintenance.`);
        putStanding(parts, hostId, { standing: "maintenance", words: said }, at);
      }
      audit(parts, by, at, "maintenance.begin", id);
      parts.wake("hosts");
      const { words } = maintenanceStates.draining;
      const state = "draining";
      const maintenance = { id, hostId, state, parallel, startedAt: at, endedAt: null, words, moves: [] } as const;
      return putMaintenance(parts, maintenance, at, `${said} ${words}`);
    },

    async endMaintenance(id, by, at) {
      const known = need(tables.maintenances, id, "maintenance");
      if (!isOpen(known)) return known;
      const words = `${by.name} ended it: the host is in use again.`;
      const standing = tables.hosts.get(known.hostId)?.host.standing;
      if (standing === "maintenance") putStanding(parts, known.hostId, { standing: "in-use", words: null }, at);
      audit(parts, by, at, "maintenance.end", id);
      parts.wake("hosts");
      return putMaintenance(parts, { ...known, state: "ended", words, endedAt: at }, at, words);
    },
  };
}
