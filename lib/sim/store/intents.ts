import type { EngineStore, Intent, ServiceStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import { audit, type Parts } from "./parts.ts";
import { type IntentRow, need, needVm } from "./tables.ts";

type ForEngine = Pick<EngineStore, "pendingIntents" | "beginIntent" | "endIntent" | "injectedAt">;
type ForPeople = Pick<ServiceStore, "recordIntent" | "intentByKey" | "intentOutcome">;

const asIntent = ({ id, kind, vmId, hostId, uuid, name, runId, at }: IntentRow): Intent => ({
  ...{ id, kind, vmId, hostId, uuid, name, runId, at },
});

/** What people asked for and the engine does: recorded once per key, begun before the effect, ended once. */
export function engineIntents({ tables }: Parts): ForEngine {
  return {
    pendingIntents: async () => [...tables.by.openIntent.of("open")].map(asIntent),
    async beginIntent(id, at) {
      const row = tables.intents.get(id);
      if (row === undefined || row.ended) return false;
      tables.intents.set(id, { ...row, begunAt: row.begunAt ?? at });
      return true;
    },
    async endIntent(id, outcome, at) {
      const row = tables.intents.get(id);
      if (row && !row.ended) tables.intents.set(id, { ...row, ended: { at, ...outcome } });
    },
    /** A fault that could not be injected is no failure's time. */
    async injectedAt(vm, sinceMs) {
      const times = [...tables.by.intentsOfVm.of(vm)].flatMap((it) =>
        it.begunAt !== null && it.begunAt >= sinceMs && it.ended?.ok !== false ? [it.begunAt] : [],
      );
      return times.length === 0 ? undefined : Math.max(...times);
    },
  };
}

export function peopleIntents(parts: Parts): ForPeople {
  const { tables, ids } = parts;
  const byKey = (key: string) => [...tables.by.intentKey.of(key)][0];
  const wishByKey = (key: string) => [...tables.by.wishKey.of(key)][0];
  const usedKey = () =>
    new BelayError("conflict", "This key was used for another request.", { field: "Idempotency-Key" });
  return {
    async recordIntent({ kind, vmId, runId, key }, by, at) {
      const known = byKey(key);
      if (known) {
        if (known.vmId === vmId && known.runId === runId) return known.id;
        throw usedKey();
      }
      if (wishByKey(key)) throw usedKey();
      const { hostId, uuid, name } = needVm(tables, vmId).vm;
      const id = ids.next("int");
      tables.intents.set(id, { id, kind, vmId, hostId, uuid, name, runId, at, key, begunAt: null, ended: null });
      audit(parts, by, at, "vm.kill", vmId);
      parts.wake("intents");
      return id;
    },
    async intentByKey(key) {
      const row = byKey(key);
      if (row) return { id: row.id, vmId: row.vmId, runId: row.runId, wish: null };
      const asked = wishByKey(key);
      return asked && { id: asked.id, vmId: asked.vmId, runId: null, wish: asked.wish };
    },
    async intentOutcome(id) {
      const asked = tables.wishes.get(id);
      const { vmId, ended, begunAt } = asked ?? need(tables.intents, id, "intent");
      const waiting = begunAt === null ? "It waits for the engine." : "It is being carried out.";
      return {
        vmId,
        kind: asked ? "checkpoint" : "kill-vm",
        ended: ended !== null,
        ok: ended?.ok === true,
        words: ended?.words ?? waiting,
      };
    },
  };
}
