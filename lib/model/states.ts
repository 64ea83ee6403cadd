/** The states as one table each: what a person is told, and where one may go from there. */

export const hostStates = {
  connecting: { words: "Belay is opening its connection to the host.", next: ["up", "silent"] },
  up: { words: "The host's libvirt answers and says what runs.", next: ["silent"] },
  silent: {
    words: "Belay has no connection. What runs there is not known, so nothing is done to it.",
    next: ["up", "silent"],
  },
} as const satisfies Record<string, { words: string; next: readonly string[] }>;
export type HostState = keyof typeof hostStates;

/** How sure Belay is that a host lives, by what it and the host's peers hear of it (phi-accrual; green, yellow, red). */
export const hostHealths = {
  green: "It was heard of in time.",
  yellow: "It is overdue; other hosts are asked whether they reach it.",
  red: "Nobody hears of it any more.",
} as const satisfies Record<string, string>;
export type HostHealth = keyof typeof hostHealths;
export const hostHealthNames = ["green", "yellow", "red"] as const satisfies readonly HostHealth[];

/** What Belay uses the host for. Only a host in use is given VMs, and only its VMs are repaired on it. */
export const hostStandings = {
  "in-use": { words: "It carries VMs.", mayStart: true, next: ["maintenance", "fencing"] },
  maintenance: {
    words: "A person works on it: it gets no VMs, and nothing is repaired against it.",
    mayStart: false,
    next: ["in-use", "fencing"],
  },
  fencing: {
    words: "It is taken for dead, and Belay makes sure that it is off.",
    mayStart: false,
    next: ["in-use", "fenced"],
  },
  fenced: { words: "It is proven off. Its VMs may run elsewhere.", mayStart: false, next: ["returning"] },
  returning: {
    words: "It is back and is examined before it is used: stale copies of VMs are removed from it.",
    mayStart: false,
    next: ["in-use", "fenced", "fencing"],
  },
} as const satisfies Record<string, { words: string; mayStart: boolean; next: readonly string[] }>;
export type HostStanding = keyof typeof hostStandings;

export const vmStates = {
  running: { words: "The guest has its CPUs.", alive: true },
  paused: { words: "The guest is held by the hypervisor.", alive: true },
  suspended: { words: "The guest put itself to sleep.", alive: true },
  stopping: { words: "The guest is shutting down.", alive: true },
  crashed: { words: "The guest's kernel gave up; its memory is kept.", alive: true },
  stopped: { words: "No process carries the VM.", alive: false },
  missing: { words: "The host no longer knows the VM.", alive: false },
  unknown: { words: "The host is silent, so the VM's state is not known.", alive: false },
} as const satisfies Record<string, { words: string; alive: boolean }>;
export type VmState = keyof typeof vmStates;

/** Why a VM is in its state, in libvirt's words (virDomainShutoffReason, virDomainPausedReason, virDomainCrashedReason). */
export const vmStateReasons = [
  "none",
  "unknown",
  // stopped
  "shutdown",
  "destroyed",
  "crashed",
  "failed",
  "migrated",
  "saved",
  "from-snapshot",
  "daemon",
  // paused
  "user",
  "migration",
  "save",
  "dump",
  "io-error",
  "watchdog",
  "shutting-down",
  "snapshot",
  "starting-up",
  "postcopy",
  "postcopy-failed",
  "api-error",
  // crashed
  "panicked",
] as const;
export type VmStateReason = (typeof vmStateReasons)[number];

/** What the VM's owner wants. A VM that its owner stopped is not a failure. */
export const wantedStates = ["running", "stopped"] as const;
export type WantedState = (typeof wantedStates)[number];

export const incidentStates = {
  open: {
    words: "Seen and written down; no repair has begun.",
    ended: false,
    next: ["repairing", "repaired", "handed-over", "cleared"],
  },
  repairing: {
    words: "A repair is at work.",
    ended: false,
    // Open again where the host that its repair worked on failed meanwhile.
    next: ["open", "repaired", "handed-over", "cleared"],
  },
  "handed-over": {
    words: "Belay stopped and says why: a person has to look. It stays until the VM is well again.",
    ended: false,
    next: ["open", "repairing", "cleared"],
  },
  repaired: { words: "The service answers again, by Belay's repair.", ended: true, next: [] },
  cleared: { words: "The failure went away without Belay.", ended: true, next: [] },
} as const satisfies Record<string, { words: string; ended: boolean; next: readonly string[] }>;
export type IncidentState = keyof typeof incidentStates;

export const repairStates = {
  planned: {
    words: "The plan is written; no host has been touched.",
    ended: false,
    next: ["running", "handed-over", "not-needed"],
  },
  running: { words: "Its steps are being done.", ended: false, next: ["succeeded", "handed-over", "not-needed"] },
  succeeded: { words: "Every step was done and the guest answers.", ended: true, next: [] },
  "not-needed": { words: "The VM was well again before the repair touched it.", ended: true, next: [] },
  "handed-over": { words: "It could not be done; the reason is written.", ended: true, next: [] },
} as const satisfies Record<string, { words: string; ended: boolean; next: readonly string[] }>;
export type RepairState = keyof typeof repairStates;

export const stepStates = ["started", "done", "failed"] as const;
export type StepState = (typeof stepStates)[number];

/** True where a table above allows the transition. */
export const mayBecome = <S extends string>(table: Record<S, { next: readonly string[] }>, from: S, to: S): boolean =>
  table[from].next.includes(to);

export const maintenanceStates = {
  draining: { words: "VMs are being moved off the host.", ended: false },
  waiting: { words: "What could be moved is moved; the host is not empty, and the reasons are written.", ended: false },
  empty: { words: "No VM of Belay's runs there: the host may be worked on.", ended: false },
  ended: { words: "The host is in use again.", ended: true },
} as const satisfies Record<string, { words: string; ended: boolean }>;
export type MaintenanceState = keyof typeof maintenanceStates;
export const moveStates = ["waiting", "moving", "moved", "failed", "stays"] as const;
export type MoveState = (typeof moveStates)[number];

const keys = <K extends string>(table: Record<K, unknown>) => Object.keys(table) as [K, ...K[]];
export const hostStateNames = keys(hostStates);
export const hostStandingNames = keys(hostStandings);
export const maintenanceStateNames = keys(maintenanceStates);
export const vmStateNames = keys(vmStates);
export const incidentStateNames = keys(incidentStates);
export const repairStateNames = keys(repairStates);
