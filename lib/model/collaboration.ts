/**
 * What provider and customer say to each other when they repair together (paper, section III-B): the words of the protocol, version 1.
 * lib/contract gives them their form on the wire, docs/protocol.md explains them.
 */

import type { ApplicationId, IncidentId, KeyId, MessageId, OrganizationId, RepairId, VmId } from "./ids.ts";
import type { CustomerView, JointConclusion, ProviderView } from "./joint-diagnosis.ts";
import type { Layer } from "./techniques.ts";
import type { EpochMs } from "./time.ts";

/** What is done where the customer is silent past the deadline, or their part failed. */
export const fallbacks = {
  "hand-over": "Nothing more is done: people are told.",
  "own-disk": "The VM is started from its own disk, as the provider does alone.",
  checkpoint: "The VM goes back to its newest checkpoint, or is started from its own disk where there is none.",
} as const satisfies Record<string, string>;
export type Fallback = keyof typeof fallbacks;

/** How the two repair together, per application. The provider's policy sets the limits. */
export interface Agreement {
  /** How long a proposal waits for the customer's answer. */
  readonly answerWithinMs: number;
  /** How long the customer's manager may take once the VM is back. */
  readonly finishWithinMs: number;
  readonly fallback: Fallback;
}

export const defaultAgreement: Agreement = { answerWithinMs: 10_000, finishWithinMs: 5 * 60_000, fallback: "own-disk" };

/** What a program with an organization's key may do. */
export const keyScopes = {
  read: "See what the organization sees.",
  collaborate: "Take part in repairs: answer proposals, report phases, ask for diagnoses.",
  provision: "Allocate and free VMs.",
  restore: "Take, list and restore saved states.",
  configure: "Change how applications and VMs are protected.",
} as const satisfies Record<string, string>;
export type KeyScope = keyof typeof keyScopes;

/** Its secret is shown once, when it is made; only a digest is kept. */
export interface ApiKey {
  readonly id: KeyId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly createdAt: EpochMs;
  readonly lastUsedAt: EpochMs | null;
  readonly revokedAt: EpochMs | null;
}

/** Where a customer without a standing connection wants messages: HTTPS, signed as Standard Webhooks. */
export interface Endpoint {
  readonly organizationId: OrganizationId;
  readonly url: string;
  /** Of the last delivery, in words; null before the first. */
  readonly words: string | null;
  readonly ok: boolean;
  /** It answered 410: nothing is sent to it until it is set or tested anew. */
  readonly gone: boolean;
  readonly triedAt: EpochMs | null;
}

/** Which manager of an organization is heard. One acts at a time: its epoch is the larger one. */
export interface ManagerStanding {
  readonly organizationId: OrganizationId;
  /** The manager's own name for this run of it. */
  readonly instance: string;
  readonly name: string;
  readonly version: string;
  readonly epoch: number;
  /** It is heard: over the WebSocket, or behind the endpoint. */
  readonly connected: boolean;
  /** It has no standing connection: messages go to the endpoint, and it asks for the right to act by POST. */
  readonly byEndpoint?: boolean;
  readonly since: EpochMs;
  readonly heardAt: EpochMs;
}

export const sensorKinds = ["process", "tcp", "http", "sql", "command", "vm"] as const;
export const sensorStates = ["ok", "failing", "unknown"] as const;
export type SensorState = (typeof sensorStates)[number];

/** One sensor of a customer's, as its manager last told it. */
export interface Sensor {
  readonly name: string;
  readonly kind: (typeof sensorKinds)[number];
  /** The server that it looks at; null where it looks at a VM. */
  readonly server: string | null;
  /** The VM that is looked at, and the one it is looked at from; the same one for what looks inside. null: from the manager itself. */
  readonly vmId: VmId | null;
  readonly fromVmId: VmId | null;
  readonly state: SensorState;
  readonly since: EpochMs;
  readonly words: string;
}

export interface SensorReport {
  readonly organizationId: OrganizationId;
  readonly applicationId: ApplicationId;
  readonly reportedAt: EpochMs;
  readonly sensors: readonly Sensor[];
}
/** Older reports say nothing: the sensors are silent. */
export const sensorsFreshForMs = 15_000;

/** What is left of a repair for the customer's manager once the VM is back (paper, section III-B-2: redeploy, restart, synchronise). */
export const customerPhases = ["deploying", "starting", "synchronising"] as const;
export type CustomerPhase = (typeof customerPhases)[number];

export interface VmRef {
  readonly id: VmId;
  readonly name: string;
}

export interface ProposedTechnique {
  readonly technique: "assisted-rebuild" | "revive-vm" | "relocate" | "restore-checkpoint";
  readonly words: string;
  /** From what such repairs took before, until the VM answers; null where there is no history. */
  readonly expectedMs: number | null;
  /** What the VM loses by it, in a sentence. */
  readonly loses: string;
}

/** Provider to customer. No host names, no addresses but the customer's own, nothing of other tenants. */
export type ProviderMessage =
  | {
      readonly kind: "vm.failed";
      readonly vm: VmRef;
      readonly applicationId: ApplicationId | null;
      readonly layer: Layer;
      readonly cause: string;
      readonly certainty: string;
      readonly words: string;
      readonly since: EpochMs;
      readonly evidence: readonly { readonly at: EpochMs; readonly words: string }[];
    }
  | {
      readonly kind: "repair.proposed";
      readonly repair: RepairId;
      readonly vm: VmRef;
      /** Those that consent and facts allow, the provider's choice first. */
      readonly techniques: readonly ProposedTechnique[];
      readonly answerBy: EpochMs;
      /** Until then at most it may be postponed. */
      readonly latest: EpochMs;
      readonly fallback: Fallback;
    }
  | {
      readonly kind: "vm.restarted";
      readonly repair: RepairId;
      readonly vm: VmRef;
      readonly address: string | null;
      readonly from: "image" | "own-disk" | "checkpoint";
      /** The image's name where it was made anew. */
      readonly image: string | null;
      readonly generation: number;
      /** Whether the VMs of its group `apart` are on different hosts. */
      readonly apart: "kept" | "not-kept" | "not-asked";
      readonly finishBy: EpochMs;
    }
  | {
      readonly kind: "repair.changed";
      readonly repair: RepairId;
      readonly vm: VmRef;
      readonly state: "agreed" | "waiting" | "fallback" | "repaired" | "handed-over" | "cleared";
      readonly words: string;
    }
  /** The provider sees nothing wrong, or is unsure: what do the customer's sensors say? */
  | {
      readonly kind: "diagnosis.asked";
      readonly vm: VmRef;
      readonly provider: ProviderView;
      readonly answerBy: EpochMs;
    }
  | {
      readonly kind: "diagnosis.answered";
      readonly question: MessageId;
      readonly vm: VmRef;
      readonly provider: ProviderView;
      readonly conclusion: JointConclusion;
    }
  | {
      readonly kind: "maintenance.announced";
      readonly vm: VmRef;
      /** Names this work in answers. */
      readonly work: string;
      readonly words: string;
      /** When the provider begins by itself. */
      readonly startsAt: EpochMs;
      /** `begin`: now is as good as later. `stop`: the customer wants it stopped instead of moved. */
      readonly actions: readonly ("begin" | "stop")[];
    }
  | { readonly kind: "maintenance.ended"; readonly vm: VmRef; readonly work: string; readonly words: string };

/** Customer to provider. */
export type CustomerMessage =
  /** The provider's first technique. */
  | { readonly kind: "repair.accepted"; readonly repair: RepairId }
  | { readonly kind: "repair.chosen"; readonly repair: RepairId; readonly technique: ProposedTechnique["technique"] }
  | { readonly kind: "repair.postponed"; readonly repair: RepairId; readonly until: EpochMs; readonly words: string }
  /** The customer repairs alone: the provider does nothing, and hands over. */
  | { readonly kind: "repair.declined"; readonly repair: RepairId; readonly words: string }
  | {
      readonly kind: "repair.phase";
      readonly repair: RepairId;
      readonly phase: CustomerPhase;
      /** Of this phase, 0 to 100; null where it is not known. */
      readonly percent: number | null;
      readonly words: string;
    }
  | { readonly kind: "repair.completed"; readonly repair: RepairId; readonly words: string }
  | { readonly kind: "repair.failed"; readonly repair: RepairId; readonly words: string }
  /** The application does not work: what does the provider see? */
  | { readonly kind: "diagnosis.asked"; readonly vmId: VmId; readonly customer: CustomerView; readonly words: string }
  | { readonly kind: "diagnosis.answered"; readonly question: MessageId; readonly customer: CustomerView }
  | {
      readonly kind: "maintenance.answered";
      readonly work: string;
      readonly vmId: VmId;
      readonly action: "begin" | "stop";
    };

/** One message as both parties keep it. `sequence` counts from 1 per thread and sender; a thread is an incident, or the organization's own. */
export type ConversationMessage = {
  readonly id: MessageId;
  readonly organizationId: OrganizationId;
  readonly incidentId: IncidentId | null;
  readonly repairId: RepairId | null;
  readonly sequence: number;
  readonly at: EpochMs;
} & (
  | {
      readonly from: "provider";
      readonly message: ProviderMessage;
      /** When a manager, or the endpoint, said that it has it. */
      readonly receivedAt: EpochMs | null;
    }
  | { readonly from: "customer"; readonly message: CustomerMessage; readonly by: string }
);
