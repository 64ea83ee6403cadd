import {
  type ApplicationView,
  type CloudView,
  type FromHost,
  fromHost,
  type HostView,
  type IncidentView,
  type VmView,
} from "../contract/index.ts";
import {
  consentCovers,
  type HostStanding,
  type ProtectionMode,
  restartLimit,
  techniques,
  type VmId,
  vmStates,
} from "../model/index.ts";
import { bothTogether, customerAlone, type Together } from "./together.ts";
import { capital, shortAgents } from "./words.ts";

/** Whether a failure of the VM would be repaired now, with the reason in a sentence (DESIGN, invariant 8). */
export interface Protection {
  readonly isProtected: boolean;
  readonly words: string;
  /** What would keep it from coming back if its host died; undefined where nothing would. */
  readonly hostLoss?: string;
  /** Stands before the words where neither "Protected." nor "Not protected." fits. */
  readonly label?: string;
}

export interface ProtectionQuestion {
  readonly vm: VmView;
  /** undefined for a VM of no application: it has the provider's protection. */
  readonly application: Pick<ApplicationView, "mode" | "agreement"> | undefined;
  /** What of the customer's part is in place now. */
  readonly together: Together;
  /** undefined for customers: for them the server says with the VM what its host means for it. */
  readonly host: Pick<HostView, "state" | "standing" | "protection"> | undefined;
  /** Why it would not fit elsewhere if its host died now (the cloud's tolerance); undefined where it would, and for customers. */
  readonly misfit?: string | undefined;
  /** It would go back to its newest checkpoint. */
  readonly goesBack?: boolean;
  /** The VM's incidents, open and ended. */
  readonly incidents: readonly IncidentView[];
}

const not = (words: string): Protection => ({ isProtected: false, words });

/** The planner's own rules (lib/decide), read as a promise: what it would refuse is not shown as protected. */
export function protectionOf(question: ProtectionQuestion, now: number): Protection {
  const { vm, application, host, incidents } = question;
  const mode = application?.mode ?? "provider";
  if (vm.wanted === "stopped") return not("Stopped as its owner wishes, so nobody brings it back.");
  if (mode === "none") return not("Protection is off: failures are told and nothing is repaired.");
  if (mode === "customer") return customerAlone(question.together, now);
  if (!consentCovers(vm.consent, techniques["revive-vm"].needsConsent)) {
    return not(
      vm.consent === "notify"
        ? "Its owner only wants to be told of failures."
        : "Its owner does not allow a restart of the VM.",
    );
  }
  const lost = incidents.find((it) => it.cause === "host-lost" && (it.state === "open" || it.state === "repairing"));
  if (lost !== undefined && !consentCovers(vm.consent, techniques.relocate.needsConsent))
    return not("Its host failed, and its owner does not allow a start on another host: it comes back with its host.");
  if (lost !== undefined) {
    return {
      isProtected: true,
      words:
        lost.state === "repairing"
          ? "It is being brought back elsewhere, from its own disk."
          : "It is brought back elsewhere as soon as that is safe.",
    };
  }
  const { hostLoss, onHold } = whatItsHostMeans(question, mode);
  if (vm.state === "unknown" || (host !== undefined && host.state !== "up")) {
    return not("Belay does not hear from where it runs, so it cannot act.");
  }
  if (onHold !== null) return not(onHold);
  if (vm.state === "missing") return not("The host no longer knows it: a person has to look where it is.");
  if (incidents.some((it) => it.state === "handed-over")) return not("Handed over: a person has to look at it first.");
  // The planner does not count what people broke on purpose, nor what another VM of its group failed of.
  const own = incidents.filter((it) => it.tpSource !== "injected" && it.cause !== "group-failed");
  const repairs = own.flatMap((it) => it.repairs).filter((it) => it.plannedAt > now - restartLimit.withinMs);
  const underWay = incidents.some((it) => it.endedAt === null);
  if (!underWay && repairs.length >= restartLimit.repairs) {
    return not(
      `Repaired ${repairs.length} times within ${restartLimit.withinMs / 60_000} minutes: one more is not tried.`,
    );
  }
  if (!underWay && vmStates[vm.state].alive && application !== undefined && mode === "collaborative") {
    const { isWhole, words } = bothTogether(question.together, vm, application, now);
    return {
      isProtected: true,
      ...(hostLoss !== null && { hostLoss }),
      ...(isWhole ? {} : { label: "Partly protected." }),
      words,
    };
  }
  return {
    isProtected: true,
    ...(hostLoss !== null && { hostLoss }),
    words:
      underWay || !vmStates[vm.state].alive
        ? question.goesBack === true || vm.checkpointGroup !== null
          ? "It is being brought back."
          : "It is being brought back, with the same disk."
        : question.goesBack === true
          ? vm.checkpointGroup === null
            ? "If it fails it goes back to its newest checkpoint."
            : "If it fails its whole group goes back together, to the newest instant that all have."
          : "If it fails it is started again, from its own disk.",
  };
}

/** Providers have the hosts and see it as it is now; customers have what the server said last. */
function whatItsHostMeans({ vm, host, misfit }: ProtectionQuestion, mode: ProtectionMode): FromHost {
  if (host === undefined)
    return { hostLoss: vm.hostLoss === undefined ? notKnown : vm.hostLoss, onHold: vm.onHold ?? null };
  const it = fromHost({ vm, mode, host, fits: true });
  // What does not fit is told to providers in full: the sentence may name hosts.
  return { ...it, hostLoss: it.hostLoss ?? misfit ?? null };
}

const notKnown = "Whether it would come back is not known yet.";

const failed: Record<Exclude<HostStanding, "in-use" | "maintenance">, Pick<Protection, "label" | "words">> = {
  fencing: { label: "Being fenced.", words: "Its VMs are started elsewhere once it is proven off." },
  fenced: { label: "Off.", words: "It gets VMs again once it is back and examined." },
  returning: { label: "Back.", words: "It gets VMs once stale copies are removed from it." },
};

/**
 * A host's own protection as its page shows it: "Protected." or "Not protected." stands before the words. One that has failed is past
 * protection, whatever its switch said in its last test.
 */
export const protectionOfHost = ({ protection, standing }: Pick<HostView, "protection" | "standing">): Protection =>
  standing === "in-use" || standing === "maintenance"
    ? {
        isProtected: protection.ok,
        words: capital(shortAgents(protection.words).replace(/^(?:not )?protected[:.] ?/i, "")),
      }
    : { isProtected: false, ...failed[standing] };

/** Why each VM would not fit elsewhere, by VM. */
export const misfitsOf = (tolerance: CloudView["tolerance"]): ReadonlyMap<VmId, string> =>
  new Map(tolerance.flatMap(({ misfits }) => misfits.map(({ vmId, words }) => [vmId, words] as const)));
