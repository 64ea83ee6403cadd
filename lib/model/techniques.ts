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

export const techniqueNames = [
  "revive-vm",
  "relocate",
  "evacuate",
  "hook",
  "restart-libvirtd",
  "restore-checkpoint",
  "standby",
  "group-restore",
  "assisted-restart",
  "assisted-rebuild",
  "assisted-evacuate",
] as const;
export type TechniqueName = (typeof techniqueNames)[number];

export interface Technique {
  readonly layer: Layer;
  /** What the VM's owner must allow. Host techniques ask each VM's owner by the technique that they begin for it. */
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
  relocate: {
    layer: "vm",
    needsConsent: "relocate",
    rollsBack: false,
    words: "Start the VM on another host, from its own disk, once it is proven that it cannot run on its old one.",
  },
  evacuate: {
    layer: "host",
    needsConsent: "notify",
    rollsBack: false,
    words: "Prove that the host is off, then start each of its VMs elsewhere, by priority and capacity.",
  },
  hook: {
    layer: "vm",
    needsConsent: "restart-vm",
    rollsBack: false,
    words: "Run the provider's own program for this failure.",
  },
  "restart-libvirtd": {
    layer: "host",
    needsConsent: "notify",
    rollsBack: false,
    words: "Start the host's libvirtd again over SSH. No guest is touched.",
  },
  "restore-checkpoint": {
    layer: "vm",
    needsConsent: "roll-back",
    rollsBack: true,
    words: "Restore the newest valid checkpoint: memory and disks of one instant, on its own host or another.",
  },
  standby: {
    layer: "vm",
    needsConsent: "roll-back",
    rollsBack: true,
    words: "Activate the passive replica that stands by on another host, as of the newest checkpoint.",
  },
  "group-restore": {
    layer: "vm",
    needsConsent: "roll-back",
    rollsBack: true,
    words:
      "Take the VM and all others of its group back to one instant that was saved of them together, or none of them.",
  },
  "assisted-restart": {
    layer: "application",
    needsConsent: "notify",
    rollsBack: true,
    words: "Restore the saved image that its owner called for.",
  },
  "assisted-rebuild": {
    layer: "vm",
    needsConsent: "restart-vm",
    rollsBack: false,
    words: "Agree with its owner's manager what is done; the provider brings the VM back, the manager finishes.",
  },
  "assisted-evacuate": {
    layer: "vm",
    needsConsent: "relocate",
    rollsBack: false,
    words: "The same on another host, once it is proven that the VM cannot run on its old one.",
  },
};

/** What a customer's manager does alone, and tells (paper, sections III-A-1 and III-A-2). Belay's engine never plans these. */
export const customerTechniques = {
  "restart-server": "Start the server's process again, on the same VM.",
  "replay-server": "Restore the server's last save, replay the recorded modification requests, start it.",
  "rebuild-vm": "Free the VM, allocate another one, deploy and start its servers, restore their state.",
  "rebuild-many": "The same for several VMs that failed at once.",
  replicas: "Keep several active replicas on different hosts behind a load balancer.",
} as const satisfies Record<string, string>;

/** A VM that fails again and again is not helped by one more start: then it is handed over, and shown as not protected. */
export const restartLimit = {
  repairs: 3,
  withinMs: 10 * 60_000,
  /** Pause before the second, third, … repair within that time. */
  backoffMs: [0, 5_000, 20_000],
} as const;
