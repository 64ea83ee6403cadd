import {
  type Cause,
  type Certainty,
  type Consent,
  type EpochMs,
  type Hook,
  type HostId,
  type ProtectionMode,
  restartLimit,
  type TechniqueName,
  techniques,
} from "../model/index.ts";
import { planRollBack, type Saved } from "./checkpoints/plan-roll-back.ts";
import { aloneAsAgreed, askedTogether, nothingAsAgreed, type Together } from "./collaboration/partner.ts";
import { consentRefusal, modeRefusal } from "./placement/relocation.ts";

export { restartLimit };

export interface RepairQuestion {
  readonly cause: Cause;
  readonly certainty: Certainty;
  readonly mode: ProtectionMode;
  readonly consent: Consent;
  /** Its owner says that it must never go back to an older state. */
  readonly rollbackIntolerant: boolean;
  /** Repairs of this VM that began within `restartLimit.withinMs`. */
  readonly recentRepairs: number;
  /** False for a transient domain whose definition Belay never read: there is nothing to start it from. */
  readonly definitionKnown: boolean;
  /** When it failed, by the best estimate: the pause before the next repair is counted from there. */
  readonly failedAt: EpochMs;
  readonly now: EpochMs;
  /** The provider's programs. */
  readonly hooks: readonly Pick<Hook, "cause" | "role" | "enabled">[];
  /** Asked only when starting it on its own host does not help any more: another host for it, or why there is none. */
  readonly elsewhere: { readonly host: HostId } | { readonly refusal: string } | undefined;
  /** Its checkpoints, where it is saved regularly. */
  readonly saved: Saved | undefined;
  /** The other side, where the mode is `collaborative`. */
  readonly together?: Together | undefined;
}

export type Plan =
  | { readonly technique: TechniqueName; readonly words: string }
  | { readonly refusal: string }
  /** It was repaired a short while ago: ask again then. */
  | { readonly notBefore: EpochMs };

const how: Partial<Record<Cause, string>> = {
  "qemu-died": "Start it again on its host, from its own disk.",
  "guest-panic": "Switch the panicked guest off and start it again, from its own disk.",
  "powered-off": "Start it again on its host, from its own disk.",
  "not-running": "Start it on its host, from its own disk.",
  "paused-io-error": "Clear the disk error and let it go on.",
  "paused-watchdog": "Switch it off and start it again: its watchdog says that it hangs.",
  paused: "Let it go on.",
  suspended: "Wake it.",
  hung: "Reset it: it starts anew on its host, from its own disk.",
};

/** What Belay does not repair by itself, and why. The provider's own program may. */
const notOurs: Partial<Record<Cause, string>> = {
  vanished:
    "The host no longer knows the VM, and it may run elsewhere: starting it here could make two of it. Look where it is.",
  unreachable:
    "The guest works and its network does not reach it: a restart would cost its work and cure nothing. Look at its network.",
  "application-down": "The VM is well: its servers are its owner's to repair.",
  "two-copies":
    "To end one of them could lose what it wrote. Look which of the two is right, and switch the other one off.",
};

/** Why this technique must not be used for this VM; undefined where it may. */
export function techniqueRefusal(
  technique: TechniqueName,
  vm: { readonly consent: Consent; readonly rollbackIntolerant: boolean },
): string | undefined {
  const { needsConsent, rollsBack } = techniques[technique];
  if (rollsBack && vm.rollbackIntolerant)
    return "Its owner says that it must never go back to an older state, and this would take it there.";
  return consentRefusal(vm.consent, needsConsent);
}

/** Its owner's manager takes part. Without anybody who was ever heard there is nothing to wait for. */
const isTogether = ({ mode, together }: RepairQuestion): boolean =>
  mode === "collaborative" && together?.reachable === true;

/** How often the VM may be started on its own host and then once elsewhere. */
function limited(question: RepairQuestion): Plan | undefined {
  const { recentRepairs, failedAt, now, elsewhere } = question;
  const minutes = restartLimit.withinMs / 60_000;
  const often = `It was repaired ${recentRepairs} times within ${minutes} minutes and failed again`;
  if (recentRepairs > restartLimit.repairs)
    return { refusal: `${often}, the last time on another host: one more start will not help.` };
  if (recentRepairs === restartLimit.repairs) {
    const refusal = techniqueRefusal("relocate", question);
    if (elsewhere === undefined || refusal !== undefined || "refusal" in elsewhere) {
      const why = refusal ?? (elsewhere !== undefined && "refusal" in elsewhere ? elsewhere.refusal : "");
      return { refusal: `${often}: one more start will not help.${why === "" ? "" : ` It stays on its host: ${why}`}` };
    }
    if (isTogether(question))
      return {
        technique: "assisted-evacuate",
        words: `${often}: its host may be the reason. It goes to another one. ${askedTogether}`,
      };
    return {
      technique: "relocate",
      words: `${often}: its host may be the reason. Start it on another one, from its own disk.`,
    };
  }
  const notBefore = failedAt + (restartLimit.backoffMs[recentRepairs] ?? 0);
  return now < notBefore ? { notBefore } : undefined;
}

/**
 * Proposes one technique or refuses in words. Never goes beyond the consent given (invariant 3), and does nothing
 * destructive where the diagnosis is unsure.
 */
export function planRepair(question: RepairQuestion): Plan {
  const { cause, certainty, mode } = question;
  const refusal = modeRefusal(mode);
  if (refusal !== undefined) return { refusal };
  const hook = question.hooks.some((it) => it.enabled && it.cause === cause && it.role === "instead");
  if (!hook) {
    const others = notOurs[cause];
    const asked = cause === "unreachable" && isTogether(question); // what its sensors see may settle it
    if (others !== undefined && !asked) return { refusal: others };
    if (certainty === "unsure")
      return { refusal: "What failed is not certain enough to touch the VM. Look at it on its host." };
    if (!question.definitionKnown)
      return { refusal: "Its definition vanished with it and Belay has never read it. Define it again on the host." };
  }
  const technique: TechniqueName = hook ? "hook" : "revive-vm";
  const beyond = techniqueRefusal(technique, question);
  if (beyond !== undefined) return { refusal: beyond };
  const limit = limited(question);
  if (limit !== undefined) return limit;
  if (hook) return { technique, words: techniques.hook.words };
  if (isTogether(question)) return { technique: "assisted-rebuild", words: askedTogether };
  const words = how[cause] ?? "Bring it back on its host.";
  if (mode === "collaborative" && question.together?.fallback === "hand-over") return { refusal: nothingAsAgreed };
  const alone = mode === "collaborative" ? ` ${aloneAsAgreed}` : "";
  if (mode === "collaborative" && question.together?.fallback === "own-disk")
    return { technique, words: `${words}${alone}` };
  const back = planRollBack({ cause, vm: question, saved: question.saved });
  if (back !== undefined && "technique" in back) return { ...back, words: `${back.words}${alone}` };
  return { technique, words: back === undefined ? `${words}${alone}` : `${words} ${back.notBecause}${alone}` };
}

/** Whether the plan may need another host: placing is dear, so it is asked for only then. */
export const asksElsewhere = (recentRepairs: number): boolean => recentRepairs === restartLimit.repairs;
