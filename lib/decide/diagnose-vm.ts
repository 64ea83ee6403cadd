import type { Cause, Certainty, EpochMs, VmState, VmStateReason, WantedState } from "../model/index.ts";

/** What the hypervisor says of a VM that we know; `undefined` where the host does not know the domain. */
export type Sight = { readonly state: VmState; readonly reason: VmStateReason } | undefined;

export interface VmLook {
  readonly wanted: WantedState;
  readonly sight: Sight;
  /** What events said of this domain since the last look, oldest first, in libvirt's words. Hints only: `sight` is the truth. */
  readonly said: readonly string[];
  /** Whether it was written down before that the VM is in this state and reason: what led to it is then no news. */
  readonly known: boolean;
  /** Since when the VM has been in this state and reason, as far as Belay knows. */
  readonly since: EpochMs;
  readonly now: EpochMs;
}

export type Verdict =
  | { readonly kind: "well" }
  /** Somebody meant it. `wanted` is what the owner's wish is taken to be from now on. */
  | { readonly kind: "intended"; readonly wanted: WantedState; readonly words: string }
  /** Not clear yet: look again then. */
  | { readonly kind: "wait"; readonly until: EpochMs }
  | { readonly kind: "failed"; readonly cause: Cause; readonly certainty: Certainty; readonly words: string };

/** How long a state may last before it counts as a failure. */
export const patience = {
  /** A person who pauses a VM often resumes it at once; Belay's own operations pause for milliseconds. */
  pausedMs: 3_000,
  /** libvirt is working on the VM (migration, save, snapshot): it gets long, for to resume in the middle destroys the work. */
  operationMs: 120_000,
  suspendedMs: 2_000,
  /** A guest that is told to shut down takes its time; one that does not end is looked at by a person. */
  stoppingMs: 60_000,
  /** One that was moved by hand shows up on its other host: until then nothing is made of its absence here. */
  movedMs: 10_000,
  vanishedMs: 3_000,
} as const;

const failed = (cause: Cause, certainty: Certainty, words: string): Verdict => ({
  kind: "failed",
  cause,
  certainty,
  words,
});

const after = (look: VmLook, ms: number, verdict: Verdict): Verdict =>
  look.now >= look.since + ms ? verdict : { kind: "wait", until: look.since + ms };

const byHand = (words: string): Verdict => ({ kind: "intended", wanted: "stopped", words });

/** A person's deed on the hypervisor is a wish when it is news. Known and still wanted running, its owner spoke after it. */
const stoppedByHand = (known: boolean, words: string): Verdict =>
  known ? failed("not-running", "certain", "Its owner wants it to run, and it is switched off.") : byHand(words);

function stopped(reason: VmStateReason, look: VmLook): Verdict {
  const { said, known } = look;
  const heard = (what: string) => said.some((it) => it.includes(what));
  switch (reason) {
    case "shutdown":
      return failed("powered-off", "certain", "The guest switched itself off though it should run.");
    case "destroyed":
      return stoppedByHand(known, "It was switched off on the hypervisor by hand, so it is taken as wanted.");
    case "saved":
    case "from-snapshot":
      return stoppedByHand(
        known,
        "Its memory was saved and it was stopped on the hypervisor by hand, so it is taken as wanted.",
      );
    case "migrated":
      return after(
        look,
        patience.movedMs,
        byHand("It was moved to another host by hand: to start it here would make two of it."),
      );
    case "crashed":
    case "failed":
      if (heard("panicked") || heard("stopped crashed")) {
        return failed("guest-panic", "certain", "The guest's kernel panicked and the hypervisor stopped the VM.");
      }
      return heard("stopped failed")
        ? failed("qemu-died", "certain", "The VM's process ended without saying goodbye.")
        : failed("qemu-died", "likely", "The host says that the VM crashed; nobody was there to hear how.");
    default:
      // A host that was restarted has forgotten why its domains stopped; what it said before then is all there is.
      if (heard("stopped destroyed"))
        return byHand("It was switched off on the hypervisor by hand before the host went away.");
      return failed("not-running", "likely", "It is not running, and the host does not say why.");
  }
}

function paused(look: VmLook, reason: VmStateReason): Verdict {
  switch (reason) {
    case "io-error": {
      const full = look.said.some((it) => it.includes("no space"));
      return failed(
        "paused-io-error",
        "certain",
        full
          ? "The hypervisor paused it: its storage has no space left."
          : "The hypervisor paused it because its disk could not be read or written.",
      );
    }
    case "watchdog":
      return failed("paused-watchdog", "certain", "The guest's watchdog was not fed, and the hypervisor paused it.");
    case "crashed":
      return failed("guest-panic", "certain", "The guest's kernel panicked; the hypervisor keeps it as it was.");
    case "migration":
    case "save":
    case "dump":
    case "snapshot":
    case "starting-up":
    case "shutting-down":
    case "postcopy":
      return after(
        look,
        patience.operationMs,
        failed("paused", "unsure", `libvirt has held it for a ${reason} for minutes.`),
      );
    case "postcopy-failed":
      return failed("paused", "unsure", "A migration broke in the middle; part of its memory is on the other host.");
    default:
      return after(look, patience.pausedMs, failed("paused", "likely", "It is paused and nothing is working on it."));
  }
}

/**
 * Tells what is wrong with a VM from what its hypervisor says (paper, section III-A-2: the provider sees the VM's status).
 * Pure: the same look gives the same verdict.
 */
export function diagnoseVm(look: VmLook): Verdict {
  const { sight, said } = look;
  if (look.wanted === "stopped") return { kind: "well" };
  if (sight === undefined) {
    return said.some((it) => it === "stopped failed" || it === "stopped crashed")
      ? failed("qemu-died", "certain", "The VM's process ended, and its definition went with it.")
      : after(
          look,
          patience.vanishedMs,
          failed("vanished", "unsure", "The host no longer knows it. It may have been moved or deleted by hand."),
        );
  }
  switch (sight.state) {
    case "running":
      return { kind: "well" };
    case "stopping":
      return after(
        look,
        patience.stoppingMs,
        failed("not-running", "unsure", "It has been shutting down for a minute."),
      );
    case "suspended":
      return after(
        look,
        patience.suspendedMs,
        failed("suspended", "certain", "The guest put itself to sleep though it should run."),
      );
    case "crashed":
      return failed("guest-panic", "certain", "The guest's kernel panicked; the hypervisor keeps it as it was.");
    case "paused":
      return paused(look, sight.reason);
    case "stopped":
      return stopped(sight.reason, look);
    case "missing":
      return failed("vanished", "unsure", "The host no longer knows it.");
    case "unknown":
      return { kind: "wait", until: look.now + patience.pausedMs };
  }
}
