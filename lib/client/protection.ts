import type { ApplicationView, HostView, IncidentView, VmView } from "../contract/index.ts";
import { consentCovers, restartLimit, techniques, vmStates } from "../model/index.ts";

/** Whether a failure of the VM would be repaired now, with the reason in a sentence (DESIGN, invariant 8). */
export interface Protection {
  readonly isProtected: boolean;
  readonly words: string;
}

export interface ProtectionQuestion {
  readonly vm: VmView;
  /** undefined for a VM of no application: it has the provider's protection. */
  readonly application: Pick<ApplicationView, "mode"> | undefined;
  /** undefined for customers, who learn of a silent host by the VM's state `unknown`. */
  readonly host: Pick<HostView, "state"> | undefined;
  /** The VM's incidents, open and ended. */
  readonly incidents: readonly IncidentView[];
}

const not = (words: string): Protection => ({ isProtected: false, words });

/** The planner's own rules (lib/decide), read as a promise: what it would refuse is not shown as protected. */
export function protectionOf({ vm, application, host, incidents }: ProtectionQuestion, now: number): Protection {
  const mode = application?.mode ?? "provider";
  if (vm.wanted === "stopped") return not("Stopped as its owner wishes, so nobody brings it back.");
  if (mode === "none") return not("Protection is off: failures are told and nothing is repaired.");
  if (mode === "customer") return not("Its owner repairs it alone, as they chose.");
  if (!consentCovers(vm.consent, techniques["revive-vm"].needsConsent)) {
    return not(
      vm.consent === "notify"
        ? "Its owner only wants to be told of failures."
        : "Its owner does not allow a restart of the VM.",
    );
  }
  if (vm.state === "unknown" || (host !== undefined && host.state !== "up")) {
    return not("Belay does not hear from where it runs, so it cannot act.");
  }
  if (vm.state === "missing") return not("The host no longer knows it: a person has to look where it is.");
  if (incidents.some((it) => it.state === "handed-over")) return not("Handed over: a person has to look at it first.");
  // The planner does not count what people broke on purpose.
  const own = incidents.filter((it) => it.tpSource !== "injected");
  const repairs = own.flatMap((it) => it.repairs).filter((it) => it.plannedAt > now - restartLimit.withinMs);
  const underWay = incidents.some((it) => it.endedAt === null);
  if (!underWay && repairs.length >= restartLimit.repairs) {
    return not(
      `Repaired ${repairs.length} times within ${restartLimit.withinMs / 60_000} minutes: one more is not tried.`,
    );
  }
  return {
    isProtected: true,
    words:
      underWay || !vmStates[vm.state].alive
        ? "It is being brought back, with the same disk."
        : "If it fails it is started again, from its own disk.",
  };
}
