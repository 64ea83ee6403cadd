/**
 * Names for the numbers of libvirt's public API, by number, in libvirt's own words in lower case (libvirt-domain.h of 9.0).
 * A number newer than these tables is shown as "unknown(N)", never refused.
 */
const names = <const T extends readonly string[]>(...list: T): T => list;

export const domainStates = names(
  "nostate",
  "running",
  "blocked",
  "paused",
  "shutdown",
  "shutoff",
  "crashed",
  "pmsuspended",
);
export type DomainState = (typeof domainStates)[number];

/** Why a domain is in its state; the reasons' numbers begin anew in each state. */
export const stateReasons = {
  nostate: names("unknown"),
  running: names(
    "unknown",
    "booted",
    "migrated",
    "restored",
    "from_snapshot",
    "unpaused",
    "migration_canceled",
    "save_canceled",
    "wakeup",
    "crashed",
    "postcopy",
    "postcopy_failed",
  ),
  blocked: names("unknown"),
  paused: names(
    "unknown",
    "user",
    "migration",
    "save",
    "dump",
    "ioerror",
    "watchdog",
    "from_snapshot",
    "shutting_down",
    "snapshot",
    "crashed",
    "starting_up",
    "postcopy",
    "postcopy_failed",
  ),
  shutdown: names("unknown", "user"),
  shutoff: names(
    "unknown",
    "shutdown",
    "destroyed",
    "crashed",
    "migrated",
    "saved",
    "failed",
    "from_snapshot",
    "daemon",
  ),
  crashed: names("unknown", "panicked"),
  pmsuspended: names("unknown"),
} as const satisfies Record<DomainState, readonly string[]>;

export const lifecycleEvents = names(
  "defined",
  "undefined",
  "started",
  "suspended",
  "resumed",
  "stopped",
  "shutdown",
  "pmsuspended",
  "crashed",
);
export type LifecycleName = (typeof lifecycleEvents)[number];

export const lifecycleDetails = {
  defined: names("added", "updated", "renamed", "from_snapshot"),
  undefined: names("removed", "renamed"),
  started: names("booted", "migrated", "restored", "from_snapshot", "wakeup"),
  suspended: names(
    "paused",
    "migrated",
    "ioerror",
    "watchdog",
    "restored",
    "from_snapshot",
    "api_error",
    "postcopy",
    "postcopy_failed",
  ),
  resumed: names("unpaused", "migrated", "from_snapshot", "postcopy", "postcopy_failed"),
  stopped: names("shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from_snapshot"),
  shutdown: names("finished", "guest", "host"),
  pmsuspended: names("memory", "disk"),
  crashed: names("panicked", "crashloaded"),
} as const satisfies Record<LifecycleName, readonly string[]>;

export const watchdogActions = names("none", "pause", "reset", "poweroff", "shutdown", "debug", "injectnmi");
export const ioErrorActions = names("none", "pause", "report");
export const graphicsPhases = names("connect", "initialize", "disconnect");
export const graphicsFamilies = names("ipv4", "ipv6", "unix");
export const blockJobTypes = names("unknown", "pull", "copy", "commit", "active_commit", "backup");
export const blockJobStatuses = names("completed", "failed", "canceled", "ready");
export const diskChangeReasons = names("missing_on_start", "drop_missing_on_start");
export const trayChanges = names("open", "close");
/** Numbered from 1. */
export const agentStates = names("unknown", "connected", "disconnected");
export const agentReasons = names("unknown", "domain_started", "channel");
export const memoryFailureRecipients = names("hypervisor", "guest");
export const memoryFailureActions = names("ignore", "inject", "fatal", "reset");
export const metadataTypes = names("description", "title", "element");
export type MetadataType = (typeof metadataTypes)[number];
export const jobTypes = names("none", "bounded", "unbounded", "completed", "failed", "cancelled");
export const jobOperations = names(
  "unknown",
  "start",
  "save",
  "restore",
  "migration_in",
  "migration_out",
  "snapshot",
  "snapshot_revert",
  "dump",
  "backup",
  "snapshot_delete",
);

export type Unknown = `unknown(${number})`;

/** The name of a number, or "unknown(N)". */
export function nameOf<T extends readonly string[]>(table: T, number: number): T[number] | Unknown {
  return table[number] ?? `unknown(${number})`;
}
