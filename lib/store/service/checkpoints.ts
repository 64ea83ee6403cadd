import { isDeepStrictEqual } from "node:util";
import type { CheckpointServiceStore, ServiceStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import { readStatusMap } from "../engine/checkpoints.ts";
import { findVm } from "../find.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toCheckpoint, toWish } from "../rows/checkpoint.ts";
import { idOf, idOrNull, instant } from "../rows/narrow.ts";
import { audit } from "./audit.ts";

/** The most checkpoints that one call returns. */
const mostCheckpoints = 1000;
/** A person who asks again and again waits for what was asked first. */
const waitingWishes = 10;

export const serviceCheckpoints = ({
  database,
  write,
  ids,
}: Parts): CheckpointServiceStore & Pick<ServiceStore, "checkpointStatuses"> => ({
  async checkpoints({ vmId, limit, organizationId }) {
    const rows = await database.checkpoint.findMany({
      where: { vmId, ...(organizationId !== undefined && { organizationId }) },
      orderBy: { number: "desc" },
      take: Math.max(0, Math.min(limit, mostCheckpoints)),
    });
    return rows.map(toCheckpoint);
  },

  async checkpoint(id) {
    const row = await database.checkpoint.findUnique({ where: { id } });
    if (row === null) return undefined;
    return { checkpoint: toCheckpoint(row), organizationId: idOrNull("org", row.organizationId) };
  },

  checkpointStatuses: () => readStatusMap(database),

  recordWish: ({ vmId, wish, key }, by, at) =>
    write(async (tx) => {
      const known = await tx.db.intent.findUnique({ where: { key } });
      if (known !== null) {
        if (known.kind === "checkpoint" && known.vmId === vmId && isDeepStrictEqual(toWish(known.wish), { ...wish }))
          return idOf("int", known.id);
        throw new BelayError("conflict", "This key was used for another request.", {
          field: "Idempotency-Key",
          cure: "Take a new key for a new request.",
        });
      }
      const vm = await findVm(tx.db, vmId);
      const waiting = await tx.db.intent.count({ where: { vmId, kind: "checkpoint", endedAt: null } });
      if (waiting >= waitingWishes)
        throw new BelayError("conflict", `${waiting} requests for this VM already wait.`, {
          field: "id",
          cure: "Wait until they are carried out.",
        });
      const id = ids.next("int");
      const { hostId, uuid, name, organizationId: owner } = vm;
      const asked = { wish: toJson({ ...wish, owner }), by: by.name, key, at: instant(at) };
      await tx.db.intent.create({ data: { id, kind: "checkpoint", vmId, hostId, uuid, name, ...asked } });
      const action = `checkpoint.${wish.kind}` as const;
      await audit(tx, ids, by, at, { action, subject: vmId, details: { ...wish, intentId: id, name } });
      tx.wake("intents");
      return id;
    }),

  keepCheckpoint: (id, kept, by, at) =>
    write(async (tx) => {
      const row = await tx.db.checkpoint.findUnique({ where: { id } });
      if (row === null) throw new BelayError("not-found", `There is no checkpoint ${id}.`);
      if (row.kept === kept) return toCheckpoint(row);
      const checkpoint = toCheckpoint(await tx.db.checkpoint.update({ where: { id }, data: { kept } }));
      await audit(tx, ids, by, at, { action: "checkpoint.keep", subject: id, details: { kept, vmId: row.vmId } });
      return checkpoint;
    }),

  failuresSince: (vmId, since) =>
    database.incident.count({
      where: {
        vmId,
        td: { gte: instant(since) },
        tpSource: { not: "injected" },
        cause: { not: "called-restore" },
      },
    }),

  organizationOf: async (id) => idOrNull("org", (await findVm(database, id)).organizationId),
});
