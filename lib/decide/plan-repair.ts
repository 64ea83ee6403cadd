import {
  type Cause,
  type Certainty,
  type Consent,
  consentCovers,
  type ProtectionMode,
  restartLimit,
  type TechniqueName,
  techniques,
} from "../model/index.ts";

export { restartLimit };

export interface RepairQuestion {
  readonly cause: Cause;
  readonly certainty: Certainty;
  readonly mode: ProtectionMode;
  readonly consent: Consent;
  /** Repairs of this VM that began within `restartLimit.withinMs`. */
  readonly recentRepairs: number;
  /** False for a transient domain whose definition Belay never read: there is nothing to start it from. */
  readonly definitionKnown: boolean;
}

export type Plan = { readonly technique: TechniqueName; readonly words: string } | { readonly refusal: string };

const how: Partial<Record<Cause, string>> = {
  "qemu-died": "Start it again on its host, from its own disk.",
  "guest-panic": "Switch the panicked guest off and start it again, from its own disk.",
  "powered-off": "Start it again on its host, from its own disk.",
  "not-running": "Start it on its host, from its own disk.",
  "paused-io-error": "Clear the disk error and let it go on.",
  "paused-watchdog": "Switch it off and start it again: its watchdog says that it hangs.",
  paused: "Let it go on.",
  suspended: "Wake it.",
};

/**
 * Proposes one technique or refuses in words. Never goes beyond the consent given (invariant 3), and does nothing
 * destructive where the diagnosis is unsure.
 */
export function planRepair(question: RepairQuestion): Plan {
  const { cause, certainty, mode, consent } = question;
  if (mode === "none")
    return { refusal: "Protection is off for this VM: the failure is told, and nothing is repaired." };
  if (mode === "customer") return { refusal: "Its owner repairs it alone, as they chose." };
  if (cause === "vanished") {
    return {
      refusal:
        "The host no longer knows the VM, and it may run elsewhere: starting it here could make two of it. Look where it is.",
    };
  }
  if (certainty === "unsure")
    return { refusal: "What failed is not certain enough to touch the VM. Look at it on its host." };
  if (!question.definitionKnown) {
    return { refusal: "Its definition vanished with it and Belay has never read it. Define it again on the host." };
  }
  const technique: TechniqueName = "revive-vm";
  const needed = techniques[technique].needsConsent;
  if (!consentCovers(consent, needed)) {
    return { refusal: `Its owner allows "${consent}", and this needs "${needed}". Ask them, or widen the consent.` };
  }
  if (question.recentRepairs >= restartLimit.repairs) {
    const minutes = restartLimit.withinMs / 60_000;
    return {
      refusal: `It was repaired ${question.recentRepairs} times within ${minutes} minutes and failed again: one more start will not help.`,
    };
  }
  return { technique, words: how[cause] ?? "Bring it back on its host." };
}
