import type { ServiceStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import { findVm } from "../find.ts";
import type { Parts } from "../parts.ts";
import { toWish } from "../rows/checkpoint.ts";
import { idOf, instant, oneOf } from "../rows/narrow.ts";
import { audit } from "./audit.ts";

type IntentPart = Pick<ServiceStore, "recordIntent" | "intentByKey" | "intentOutcome">;

export const serviceIntents = ({ database, write, ids }: Parts): IntentPart => ({
  /** A key that was used for something else is a conflict. */
  recordIntent: ({ kind, vmId, runId, key }, by, at) =>
    write(async (tx) => {
      const known = await tx.db.intent.findUnique({ where: { key } });
      if (known !== null) {
        if (known.kind === kind && known.vmId === vmId && known.runId === runId) return idOf("int", known.id);
        throw new BelayError("conflict", "This key was used for another request.", {
          field: "Idempotency-Key",
          cure: "Take a new key for a new request.",
        });
      }
      const vm = await findVm(tx.db, vmId);
      const id = ids.next("int");
      const { hostId, uuid, name } = vm;
      await tx.db.intent.create({ data: { id, kind, vmId, hostId, uuid, name, runId, key, at: instant(at) } });
      await audit(tx, ids, by, at, { action: "vm.kill", subject: vmId, details: { intentId: id, name, runId } });
      tx.wake("intents");
      return id;
    }),

  async intentByKey(key) {
    const row = await database.intent.findUnique({ where: { key } });
    if (row === null) return undefined;
    const wish = row.wish === null ? null : toWish(row.wish);
    return { id: idOf("int", row.id), vmId: idOf("vm", row.vmId), runId: row.runId, wish };
  },

  async intentOutcome(id) {
    const row = await database.intent.findUnique({ where: { id } });
    if (row === null) throw new BelayError("not-found", `There is no intent ${id}.`);
    const waiting = row.begunAt === null ? "It waits for the engine." : "It is being carried out.";
    const outcome = { ended: row.endedAt !== null, ok: row.ok === true, words: row.words ?? waiting };
    return { vmId: idOf("vm", row.vmId), kind: oneOf(["kill-vm", "checkpoint"], row.kind, "intent.kind"), ...outcome };
  },
});
