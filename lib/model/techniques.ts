/** The repair techniques by the one name that code, API, pages and tests use (paper, sections III and IV; DESIGN). */
export const layers = ["host", "vm", "application"] as const;
export type Layer = (typeof layers)[number];

export const protectionModes = {
  provider: "The provider repairs alone.",
  customer: "The customer repairs alone, with sensors of their own.",
  collaborative: "The provider restarts the VM, the customer's manager finishes.",
  none: "Failures are told and nothing is repaired.",
} as const satisfies Record<string, string>;
export type ProtectionMode = keyof typeof protectionModes;
export const protectionModeNames = [
  "provider",
  "customer",
  "collaborative",
  "none",
] as const satisfies readonly ProtectionMode[];

/** What the owner of a VM allows, weakest first: each rung includes those before it. */
export const consentLadder = [
  "notify",
  "restart-application",
  "restart-vm",
  "relocate",
  "roll-back",
  "recreate",
] as const;
export type Consent = (typeof consentLadder)[number];

export const consentCovers = (given: Consent, asked: Consent): boolean =>
  consentLadder.indexOf(given) >= consentLadder.indexOf(asked);

export const techniqueNames = ["revive-vm"] as const;
export type TechniqueName = (typeof techniqueNames)[number];

export interface Technique {
  readonly layer: Layer;
  readonly needsConsent: Consent;
  readonly rollsBack: boolean;
  readonly words: string;
}

export const techniques: Record<TechniqueName, Technique> = {
  "revive-vm": {
    layer: "vm",
    needsConsent: "restart-vm",
    rollsBack: false,
    words: "Bring the VM back on its own host, by what the hypervisor says of it: same features, same disk.",
  },
};

/** A VM that fails again and again is not helped by one more start: then it is handed over, and shown as not protected. */
export const restartLimit = { repairs: 3, withinMs: 10 * 60_000 } as const;
