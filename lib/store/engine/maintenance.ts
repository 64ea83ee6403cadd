import { isDeepStrictEqual } from "node:util";
import type { MaintenanceStore } from "../../engine/ports.ts";
import { type EpochMs, type MaintenanceId, type Move, maintenanceStates } from "../../model/index.ts";
import { findMaintenance } from "../find.ts";
import type { Parts } from "../parts.ts";
import { instant } from "../rows/narrow.ts";
import { toMaintenance, wholeMaintenance } from "../rows/provider.ts";
import type { Write } from "../write/writer.ts";

/** Tells the maintenance as it is now, whole with its moves. */
export async function emitMaintenance(write: Write, id: MaintenanceId, at: EpochMs, words: string) {
  const row = await findMaintenance(write.db, id);
  const maintenance = toMaintenance(row);
  write.emit(at, `Host ${row.host.name}, maintenance: ${words}`, { kind: "maintenance.changed", maintenance });
  return maintenance;
}

const moveWords = ({ name, state, phase, percent, words }: Move): string => {
  const how = state === "moving" ? `, ${phase === null ? "" : `${phase}, `}${Math.floor(percent)} %` : "";
  return `VM ${name} ${state}${how}.${words === null ? "" : ` ${words}`}`;
};

export const engineMaintenance = ({ database, write }: Parts): MaintenanceStore => ({
  async openMaintenances() {
    const rows = await database.maintenance.findMany({
      where: { endedAt: null },
      orderBy: [{ startedAt: "asc" }, { id: "asc" }],
      include: wholeMaintenance,
    });
    return rows.map(toMaintenance);
  },

  maintenance: async (id) => toMaintenance(await findMaintenance(database, id)),

  recordMove: (id, given, at) =>
    write(async (tx) => {
      const { moves } = toMaintenance(await findMaintenance(tx.db, id));
      const known = moves.find((it) => it.vmId === given.vmId);
      const goesOn = known?.state === "moving" && given.state === "moving";
      const move = goesOn ? { ...given, percent: Math.max(known.percent, given.percent) } : given;
      if (isDeepStrictEqual(known, { ...move })) return;
      const { vmId, name, toHostId, state, phase, percent, bytesDone, bytesTotal, words } = move;
      const bytes = { bytesDone: BigInt(bytesDone), bytesTotal: BigInt(bytesTotal) };
      const data = { name, toHostId, state, phase, percent, words, ...bytes };
      await tx.db.move.upsert({
        where: { maintenanceId_vmId: { maintenanceId: id, vmId } },
        create: { maintenanceId: id, vmId, position: moves.length + 1, ...data },
        update: data,
      });
      await emitMaintenance(tx, id, at, moveWords(move));
    }),

  /** The end is the end. */
  recordMaintenance: (id, state, words, at) =>
    write(async (tx) => {
      const before = await findMaintenance(tx.db, id);
      if (before.endedAt !== null || (before.state === state && before.words === words)) return;
      const endedAt = maintenanceStates[state].ended ? instant(at) : null;
      await tx.db.maintenance.update({ where: { id }, data: { state, words, endedAt } });
      await emitMaintenance(tx, id, at, words);
    }),
});
