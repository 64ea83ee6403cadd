import type { VmState, VmStateReason } from "../model/index.ts";

/** libvirt's words for a domain's state and reason (virDomainState and its reason enums), in ours. Pure, table-tested. */

const states: Record<string, VmState> = {
  nostate: "unknown",
  running: "running",
  blocked: "running", // the guest waits for something: it has its CPUs
  paused: "paused",
  shutdown: "stopping",
  shutoff: "stopped",
  crashed: "crashed",
  pmsuspended: "suspended",
};

const reasons: Record<string, VmStateReason> = {
  user: "user",
  migration: "migration",
  save: "save",
  dump: "dump",
  ioerror: "io-error",
  watchdog: "watchdog",
  from_snapshot: "from-snapshot",
  shutting_down: "shutting-down",
  snapshot: "snapshot",
  crashed: "crashed",
  starting_up: "starting-up",
  postcopy: "postcopy",
  postcopy_failed: "postcopy-failed",
  api_error: "api-error",
  shutdown: "shutdown",
  destroyed: "destroyed",
  migrated: "migrated",
  saved: "saved",
  failed: "failed",
  daemon: "daemon",
  panicked: "panicked",
};

/** A running VM's reason is how it came to run, which no decision needs: it is always "none". */
export function translateState(libvirtState: string, libvirtReason: string): { state: VmState; reason: VmStateReason } {
  const state = states[libvirtState] ?? "unknown";
  if (state === "running" || state === "suspended" || state === "stopping") return { state, reason: "none" };
  return { state, reason: reasons[libvirtReason] ?? "unknown" };
}

/** An event in the words that `decide` and people read: "stopped failed", "io error no space". */
export const eventWords = {
  lifecycle: (event: string, detail: string) => `${event} ${detail}`.replaceAll("_", " "),
  ioError: (reason: string) => (reason === "enospc" ? "io error no space" : "io error"),
  watchdog: (action: string) => `watchdog ${action}`,
} as const;
