import type { ProviderStore } from "../../engine/ports.ts";
import { BelayError, hostStandings, type Maintenance, maintenanceStates, mayBecome } from "../../model/index.ts";
import type { Readable } from "../database.ts";
import { emitMaintenance } from "../engine/maintenance.ts";
import { putStanding } from "../engine/standing.ts";
import { findHost, findMaintenance } from "../find.ts";
import type { Parts } from "../parts.ts";
import { toHost } from "../rows/host.ts";
import { idOf, instant } from "../rows/narrow.ts";
import { toMaintenance, wholeMaintenance } from "../rows/provider.ts";
import { audit } from "./audit.ts";

type MaintenancePart = Pick<ProviderStore, "beginMaintenance" | "endMaintenance" | "maintenances">;

/** How many that ended are shown. */
const endedOnes = 50;

/** All open ones, then the newest that ended; newest first. */
export async function readMaintenances(db: Readable): Promise<Maintenance[]> {
  const newestFirst = [{ startedAt: "desc" as const }, { id: "desc" as const }];
  const include = wholeMaintenance;
  const open = await db.maintenance.findMany({ where: { endedAt: null }, orderBy: newestFirst, include });
  const ended = await db.maintenance.findMany({
    where: { endedAt: { not: null } },
    orderBy: newestFirst,
    take: endedOnes,
    include,
  });
  return [...open, ...ended].map(toMaintenance);
}

export const serviceMaintenance = ({ database, write, ids }: Parts): MaintenancePart => ({
  maintenances: () => readMaintenances(database),

  /** The same id twice is one maintenance. */
  beginMaintenance: ({ id, hostId, parallel }, by, at) =>
    write(async (tx) => {
      const { db } = tx;
      const known = await db.maintenance.findUnique({ where: { id }, include: wholeMaintenance });
      if (known !== null && known.hostId === hostId) return toMaintenance(known);
      if (known !== null)
        throw new BelayError("conflict", `The id ${id} belongs to another maintenance.`, { field: "id" });
      const host = toHost(await findHost(db, hostId));
      if ((await db.maintenance.count({ where: { hostId, endedAt: null } })) > 0)
        throw new BelayError("conflict", `Host ${host.name} is in maintenance already.`);
      const words = `${by.name} works on it.`;
      if (host.standing !== "maintenance") {
        if (!mayBecome(hostStandings, host.standing, "maintenance"))
          throw new BelayError("conflict", `Host ${host.name} is ${host.standing} and cannot become maintenance.`);
        await putStanding(tx, hostId, { standing: "maintenance", words }, at);
      }
      const state = "draining";
      await db.maintenance.create({
        data: { id, hostId, parallel, state, startedAt: instant(at), words: maintenanceStates[state].words },
      });
      await audit(tx, ids, by, at, { action: "maintenance.begin", subject: id, details: { hostId, parallel } });
      tx.wake("hosts");
      return emitMaintenance(tx, id, at, `${words} ${maintenanceStates[state].words}`);
    }),

  /** Twice is once. The host is in use again, unless something else happened to it meanwhile. */
  endMaintenance: (id, by, at) =>
    write(async (tx) => {
      const known = await findMaintenance(tx.db, id);
      if (known.endedAt !== null) return toMaintenance(known);
      const words = `${by.name} ended it: the host is in use again.`;
      await tx.db.maintenance.update({ where: { id }, data: { state: "ended", words, endedAt: instant(at) } });
      if (known.host.standing === "maintenance")
        await putStanding(tx, known.hostId, { standing: "in-use", words: null }, at);
      const details = { hostId: idOf("hst", known.hostId) };
      await audit(tx, ids, by, at, { action: "maintenance.end", subject: id, details });
      tx.wake("hosts");
      return emitMaintenance(tx, id, at, words);
    }),
});
