import type { AllocationId, ApplicationId, HostId, ImageId, OrganizationId, VmId } from "./ids.ts";
import type { EpochMs } from "./time.ts";

/** VMs that Belay makes for a customer, and takes away again (the paper's "allocate" and "free"). */
export const allocationStates = {
  asked: { words: "Asked for; nothing was made yet.", ended: false },
  making: { words: "Its disk and its definition are being made.", ended: false },
  running: { words: "It was made and started.", ended: false },
  freeing: { words: "It is being switched off and taken away.", ended: false },
  freed: { words: "It is gone, with its disk.", ended: true },
  failed: { words: "It could not be made; the reason is written.", ended: true },
} as const satisfies Record<string, { words: string; ended: boolean }>;
export type AllocationState = keyof typeof allocationStates;

/** What a customer asks for. */
export interface AllocationSpec {
  readonly name: string;
  readonly applicationId: ApplicationId;
  readonly imageId: ImageId;
  readonly memoryMiB: number;
  readonly vcpus: number;
  /** Its group whose VMs are kept on different hosts. */
  readonly apart: string | null;
  /** Lines of authorized_keys. */
  readonly sshKeys: readonly string[];
}

export interface Allocation extends AllocationSpec {
  readonly id: AllocationId;
  readonly organizationId: OrganizationId;
  readonly state: AllocationState;
  /** From the policy's network; nobody else has it until this one has ended. */
  readonly address: string;
  /** libvirt's UUID of the domain, chosen before anything is made. */
  readonly uuid: string;
  /** Chosen before anything is made there. */
  readonly hostId: HostId | null;
  /** Belay has begun to take it away from that host, and has not seen it gone: that it is off there is nobody's wish. */
  readonly takingBack: boolean;
  /** Once it is watched. */
  readonly vmId: VmId | null;
  readonly askedAt: EpochMs;
  readonly endedAt: EpochMs | null;
  /** For its owner: what became of it, or is being done. */
  readonly words: string;
}

/** What is told of it. Where it is made and whose keys it gets is for nobody's page. */
export type ToldAllocation = Omit<Allocation, "hostId" | "takingBack" | "uuid" | "sshKeys">;
export function toldAllocation(allocation: Allocation): ToldAllocation {
  const { hostId: _, takingBack: __, uuid: ___, sshKeys: ____, ...told } = allocation;
  return told;
}
