import type { EngineStore, Ids, ServiceStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import type { IntentRow, Tables } from "./tables.ts";
import { need, needVm } from "./tables.ts";

type ForEngine = Pick<EngineStore, "pendingIntents" | "beginIntent" | "endIntent" | "injectedAt">;
type ForPeople = Pick<ServiceStore, "recordIntent" | "intentByKey" | "intentOutcome">;

/** What people asked for and the engine does: recorded once per key, begun before the effect, ended once. */
export function intents(tables: Tables, ids: Ids, recorded: () => void): { engine: ForEngine; people: ForPeople } {
  const byKey = (key: string) => [...tables.intents.values()].find((it) => it.key === key);
  const rowOf = (id: IntentRow["id"]) => need(tables.intents, id, "intent");
  const engine: ForEngine = {
    pendingIntents: async () => [...tables.intents.values()].filter((it) => it.ended === null),
    async beginIntent(id, at) {
      const row = rowOf(id);
      if (row.ended) return false;
      tables.intents.set(id, { ...row, begunAt: row.begunAt ?? at });
      return true;
    },
    async endIntent(id, outcome, at) {
      const row = rowOf(id);
      if (!row.ended) tables.intents.set(id, { ...row, ended: { at, ...outcome } });
    },
    async injectedAt(vm, sinceMs) {
      const times = [...tables.intents.values()]
        .filter((it) => it.vmId === vm && it.begunAt !== null && it.begunAt >= sinceMs)
        .map((it) => it.begunAt ?? 0);
      return times.length === 0 ? undefined : Math.max(...times);
    },
  };
  const people: ForPeople = {
    async recordIntent({ kind, vmId, runId, key }, by, at) {
      const known = byKey(key);
      if (known) {
        if (known.vmId === vmId && known.runId === runId) return known.id;
        throw new BelayError("conflict", "This key was used for another request.", { field: "Idempotency-Key" });
      }
      const { hostId, uuid, name } = needVm(tables, vmId);
      const id = ids.next("int");
      tables.intents.set(id, { id, kind, vmId, hostId, uuid, name, runId, at, key, begunAt: null, ended: null });
      tables.audit.push({ at, by, action: kind, subject: vmId });
      recorded();
      return id;
    },
    intentByKey: async (key) => byKey(key),
    async intentOutcome(id) {
      const { ended } = rowOf(id);
      return ended ? { ended: true, ok: ended.ok, words: ended.words } : { ended: false, ok: false, words: "" };
    },
  };
  return { engine, people };
}
