import type { EpochMs, VmStateReason } from "../../model/index.ts";
import type { SimDomain, SimGuest } from "./types.ts";

/**
 * What can happen to a domain, each as a function from the domain before to the domain after and libvirt's words for it.
 * Nothing here has a clock or a memory.
 */
export interface Turn {
  readonly domain: SimDomain;
  readonly what: string;
}

const off = { runId: null, answersFrom: null, runningSince: null, processGone: false } as const;

/** A domain that is defined and has not been started. */
export const neverRun = (
  what: Pick<SimDomain, "uuid" | "name" | "memoryMiB" | "vcpus" | "persistent" | "diskPath"> &
    Partial<Pick<SimDomain, "autostart" | "generation">>,
): SimDomain => ({
  autostart: false,
  generation: null,
  ...what,
  ...off,
  state: "stopped",
  reason: "unknown",
});

/** A process is there, whether libvirt has noticed its end or not. */
export const isActive = (domain: SimDomain): boolean => domain.state !== "stopped";
/** A process really runs. */
export const hasProcess = (domain: SimDomain): boolean => isActive(domain) && !domain.processGone;

export const answers = (domain: SimDomain, guest: SimGuest, now: EpochMs): boolean =>
  hasProcess(domain) && domain.state === "running" && !guest.hung && (domain.answersFrom ?? now + 1) <= now;

export const started = (domain: SimDomain, guest: SimGuest, runId: number, now: EpochMs): Turn => ({
  domain: {
    ...domain,
    state: "running",
    reason: "none",
    runId,
    answersFrom: now + guest.bootMs,
    runningSince: now,
    processGone: false,
  },
  what: "started booted",
});

/** From a saved state: it answers as soon as what was left of its boot then is over. */
export const restored = (domain: SimDomain, runId: number, now: EpochMs, answersInMs: number): Turn => ({
  domain: {
    ...domain,
    ...{ state: "running", reason: "none", runId, processGone: false },
    ...{ answersFrom: now + answersInMs, runningSince: now },
  },
  what: "started restored",
});

/** Loaded, and not let go yet: libvirt calls it paused for a migration, as in the lab. */
export const heldRestored = ({ domain, what }: Turn): Turn => ({
  domain: { ...domain, state: "paused", reason: "migration", runningSince: null },
  what,
});

/** As if its button was pressed: the same run, from its boot loader on. */
export const wasReset = (domain: SimDomain, guest: SimGuest, now: EpochMs): Turn => ({
  domain: { ...domain, state: "running", reason: "none", answersFrom: now + guest.bootMs, runningSince: now },
  what: "rebooted",
});

export const stopped = (domain: SimDomain, reason: VmStateReason): Turn => ({
  domain: { ...domain, ...off, state: "stopped", reason },
  what: `stopped ${reason}`,
});

/** The process dies; what libvirt holds stays as it is until it notices. */
export const processDied = (domain: SimDomain): SimDomain => ({
  ...domain,
  answersFrom: null,
  runningSince: null,
  processGone: true,
});

export const panicked = (domain: SimDomain, guest: SimGuest): Turn =>
  guest.onCrash === "destroy"
    ? stopped(domain, "crashed")
    : {
        domain: { ...domain, state: "crashed", reason: "panicked", answersFrom: null, runningSince: null },
        what: "crashed panicked",
      };

const pauseWords: Partial<Record<VmStateReason, string>> = {
  "io-error": "suspended io error",
  unknown: "suspended paused",
  user: "suspended paused",
};

/** The guest's memory stays: it answers again as soon as it is resumed, where it had booted. */
export const paused = (domain: SimDomain, reason: VmStateReason): Turn => ({
  domain: { ...domain, state: "paused", reason, runningSince: null },
  what: pauseWords[reason] ?? `suspended ${reason}`,
});

export const resumed = (domain: SimDomain, now: EpochMs): Turn => ({
  domain: { ...domain, state: "running", reason: "none", runningSince: now },
  what: "resumed unpaused",
});

export const fellAsleep = (domain: SimDomain): Turn => ({
  domain: { ...domain, state: "suspended", reason: "none", runningSince: null },
  what: "pmsuspended memory",
});
