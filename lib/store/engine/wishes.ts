import type { CheckpointStore } from "../../engine/ports.ts";
import { BelayError, type Evidence } from "../../model/index.ts";
import { findVm } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toWish, wishOwner } from "../rows/checkpoint.ts";
import { epochMs, idOf, instant } from "../rows/narrow.ts";
import { toVm } from "../rows/vm.ts";
import { emitIncident, endOfApplication } from "./incidents.ts";
import { engineIntents } from "./intents.ts";

type WishPart = Pick<
  CheckpointStore,
  "pendingWishes" | "beginWish" | "endWish" | "openCalledRestore" | "calledCheckpoint" | "recordBeside"
>;

/** How many the engine gets at once; the rest when these are done. */
const atOnce = 1000;

/** For its owner. */
const calledBack = "A saved state was called for: the VM goes back to it, and that is an incident of its own.";

/** What people ask for about checkpoints, as the engine carries it out. */
export const engineWishes = ({ database, write, ids }: Parts): WishPart => ({
  async pendingWishes() {
    const rows = await database.intent.findMany({
      where: { kind: "checkpoint", endedAt: null },
      orderBy: [{ at: "asc" }, { id: "asc" }],
      take: atOnce,
    });
    return rows.map((row) => ({
      id: idOf("int", row.id),
      vmId: idOf("vm", row.vmId),
      by: row.by ?? "",
      wish: toWish(row.wish),
      owner: wishOwner(row.wish),
      at: epochMs(row.at),
    }));
  },

  beginWish: engineIntents({ database }).beginIntent,
  endWish: engineIntents({ database }).endIntent,

  openCalledRestore: (vmId, checkpoint, by, at) =>
    write(async (tx) => {
      const { db } = tx;
      const plannedAt = instant(at);
      const known = await db.repair.findFirst({ where: { vmId, calledCheckpoint: checkpoint, plannedAt } });
      if (known !== null) return idOf("rep", known.id);
      const vm = await findVm(db, vmId);
      if ((await db.checkpoint.count({ where: { id: checkpoint, vmId } })) === 0)
        throw new BelayError("not-found", `VM ${vm.name} has no checkpoint ${checkpoint}.`);
      await endOfApplication(tx, vmId, calledBack, at); // to go back is what helps it
      if ((await db.incident.count({ where: { vmId, endedAt: null } })) > 0) return undefined;
      if ((await db.repair.count({ where: { vmId, finishedAt: null } })) > 0) return undefined;

      const incidentId = ids.next("inc");
      const evidence: Evidence[] = [{ at, source: "operator", words: `${by} called for it.`, audience: "all" }];
      await db.incident.create({
        data: {
          ...{ id: incidentId, layer: "vm", cause: "called-restore", certainty: "certain", state: "open" },
          ...{ hostId: vm.hostId, vmId, organizationId: vm.organizationId, applicationId: vm.applicationId },
          ...{ tp: plannedAt, tpSource: "event", td: plannedAt },
          words: "A saved state was called for: the VM goes back to it.",
          evidence: toJson(evidence),
        },
      });
      const repairId = ids.next("rep");
      await db.repair.create({
        data: {
          ...{ id: repairId, incidentId, vmId, technique: "assisted-restart", state: "planned", plannedAt },
          ...{ calledCheckpoint: checkpoint, words: "Restore the saved state that was called for." },
        },
      });
      await emitIncident(tx, incidentId, at, `VM ${vm.name} on host ${vm.host.name}: ${by} called for a saved state.`);
      return repairId;
    }),

  async calledCheckpoint(id) {
    const row = await database.repair.findUnique({ where: { id }, select: { calledCheckpoint: true } });
    return row?.calledCheckpoint ? idOf("ckp", row.calledCheckpoint) : undefined;
  },

  recordBeside: (id, ofId, at) =>
    write(async ({ db, emit }) => {
      const before = await findVm(db, id);
      const of = await findVm(db, ofId);
      const { organizationId } = of;
      if (before.organizationId === organizationId && before.checkpointEveryMs === 0) return;
      const alone = { applicationId: null, consent: "notify", checkpointEveryMs: 0, standby: false } as const;
      const vm = toVm(await db.vm.update({ where: { id }, data: { organizationId, ...alone } }));
      emit(at, `VM ${vm.name} on host ${before.host.name}: it was restored beside ${of.name}, to look inside.`, {
        kind: "vm.changed",
        vm,
      });
    }),
});
