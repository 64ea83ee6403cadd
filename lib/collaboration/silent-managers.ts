import type { EpochMs, ManagerStanding } from "../model/index.ts";

/**
 * Managers that stand as connected and were not heard for so long that their connection must be dead, and their right over: the process that
 * held it died without a word. One that lives after all claims again at its next beat, with the same epoch.
 */
export const silentManagers = (
  managers: readonly ManagerStanding[],
  now: EpochMs,
  afterMs: number,
): readonly ManagerStanding[] => managers.filter((it) => it.connected && it.heardAt + afterMs < now);
