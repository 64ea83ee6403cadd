import { type RepairId, repairStates } from "../../../model/index.ts";
import { graceMs, type Invariant } from "./sight.ts";

/** From the end of a wait until what follows is begun and told. */
const lateMs = graceMs;
const last: readonly string[] = ["repaired", "handed-over", "cleared"];

/**
 * A conversation always ends: each proposal is answered or falls back at its deadline, each VM that was handed on is finished or given up at
 * its own, and of each repair that ended both hear how.
 */
export const conversationEnds: Invariant = ({ tables, world, belayLives, now, lasts }) => {
  const settled = new Set<RepairId>();
  return function* () {
    const wall = world.wall.at(now());
    for (const { message } of tables.messages.values()) {
      const { repairId } = message;
      if (message.from !== "provider" || message.message.kind !== "repair.proposed") continue;
      if (repairId === null || settled.has(repairId)) continue;
      const repair = tables.repairs.get(repairId);
      if (!repair) continue;
      const said = [...tables.by.messagesOfRepair.of(repairId)].map((row) => row.message);
      const isLast = said.some(
        (it) => it.from === "provider" && it.message.kind === "repair.changed" && last.includes(it.message.state),
      );
      const ended = repairStates[repair.state].ended;
      if (ended && isLast) settled.add(repairId);
      if (lasts(`end ${repairId}`, ended && !isLast && belayLives(), lateMs))
        yield `5: a repair ended (${repair.state}), and its owner was not told.`;
      const waits = repair.steps.find((it) => it.state === "started" && /^(answer$|customer: )/.test(it.name));
      const until = said.reduce((latest, { message: it }) => {
        if (it.kind === "repair.proposed") return Math.max(latest, it.latest);
        return it.kind === "vm.restarted" ? Math.max(latest, it.finishBy) : latest;
      }, 0);
      // Its program may be waiting for its turn, or Belay may just have been started.
      if (lasts(`late ${repairId}`, !ended && waits !== undefined && wall > until && belayLives(), lateMs))
        yield `5: a repair still waits for its owner, whose time is over: ${waits?.name}.`;
    }
  };
};
