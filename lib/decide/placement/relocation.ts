import { type Consent, consentCovers, type ProtectionMode, techniques, type Vm } from "../../model/index.ts";

export const modeRefusal = (mode: ProtectionMode): string | undefined => {
  if (mode === "none") return "Protection is off for this VM: the failure is told, and nothing is repaired.";
  return mode === "customer" ? "Its owner repairs it alone, as they chose." : undefined;
};

export const consentRefusal = (given: Consent, needed: Consent): string | undefined =>
  consentCovers(given, needed)
    ? undefined
    : `Its owner allows "${given}", and this needs "${needed}". Ask them, or widen the consent.`;

/** Why the VM must not be started on another host, whatever room there is; undefined where it may. */
export function relocationRefusal(vm: Pick<Vm, "wanted" | "consent">, mode: ProtectionMode): string | undefined {
  if (vm.wanted === "stopped") return "Its owner wants it stopped.";
  return modeRefusal(mode) ?? consentRefusal(vm.consent, techniques.relocate.needsConsent);
}
