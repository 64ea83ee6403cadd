import type { EngineStore } from "../../engine/ports.ts";
import type { Parts } from "../parts.ts";
import { epochMs, idOf, instant, numberOf } from "../rows/narrow.ts";

type IntentPart = Pick<EngineStore, "pendingIntents" | "beginIntent" | "endIntent">;

/** How many the engine gets at once; the rest when these are done. */
const atOnce = 1000;

export const engineIntents = ({ database }: Pick<Parts, "database">): IntentPart => ({
  /** Also those that were begun and whose end nobody wrote: the engine was killed in the middle. */
  async pendingIntents() {
    const rows = await database.intent.findMany({
      where: { kind: "kill-vm", endedAt: null },
      orderBy: [{ at: "asc" }, { id: "asc" }],
      take: atOnce,
    });
    return rows.map((row) => ({
      id: idOf("int", row.id),
      kind: "kill-vm",
      vmId: idOf("vm", row.vmId),
      hostId: idOf("hst", row.hostId),
      uuid: row.uuid,
      name: row.name,
      runId: numberOf(row.runId, "intent.run_id"),
      at: epochMs(row.at),
    }));
  },

  /** A second beginning leaves the time of the first: the fault may be as old as that. */
  async beginIntent(id, at) {
    await database.intent.updateMany({ where: { id, begunAt: null, endedAt: null }, data: { begunAt: instant(at) } });
    return (await database.intent.count({ where: { id, endedAt: null } })) === 1;
  },

  /** The first end is the end. */
  async endIntent(id, { ok, words }, at) {
    await database.intent.updateMany({ where: { id, endedAt: null }, data: { ok, words, endedAt: instant(at) } });
  },
});
