import type { VmStateReason } from "../model/index.ts";
import type { Sight } from "./diagnose-vm.ts";

/** The next thing to do to bring a VM back, by what the hypervisor says of it now. */
export type ReviveAction = "nothing" | "reset" | "start" | "resume" | "wake" | "destroy" | "wait" | "give-up";

const busy: readonly VmStateReason[] = [
  "migration",
  "save",
  "dump",
  "snapshot",
  "starting-up",
  "shutting-down",
  "postcopy",
];

/**
 * `revive-vm` as a table (paper, section III-A-2: "an appropriate repair method is applied for each state of failure").
 * It is asked again after each action, with the truth read anew: `destroy` leads to `start`, `start` to `nothing`.
 * That makes every step safe to run twice. `hangs`: it was found hung, was not reset since, and does not answer.
 */
export function reviveAction(sight: Sight, hangs = false): ReviveAction {
  if (sight === undefined) return "start";
  switch (sight.state) {
    case "running":
      return hangs ? "reset" : "nothing";
    case "stopped":
      return sight.reason === "migrated" ? "give-up" : "start";
    case "suspended":
      return "wake";
    case "crashed":
      return "destroy";
    case "paused":
      if (sight.reason === "crashed" || sight.reason === "watchdog") return "destroy";
      if (sight.reason === "postcopy-failed") return "give-up";
      return busy.includes(sight.reason) ? "wait" : "resume";
    case "stopping":
    case "unknown":
      return "wait";
    case "missing":
      return "start";
  }
}
