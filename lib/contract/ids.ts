import { z } from "zod";
import {
  type AllocationId,
  type ApplicationId,
  type CheckpointId,
  type FenceDeviceId,
  type HookId,
  type HostId,
  type Id,
  type IdKind,
  type ImageId,
  type IncidentId,
  type IntentId,
  type KeyId,
  type MaintenanceId,
  type MessageId,
  type OrganizationId,
  parseId,
  type RepairId,
  type UserId,
  type VmId,
} from "../model/index.ts";

// A string first, so that OpenAPI can say what it is; then the brand, which only the model gives.
const id = <K extends IdKind>(kind: K) =>
  z
    .string()
    .regex(new RegExp(`^${kind}_[0-9a-hjkmnp-tv-z]{20}$`), { error: `must be an id that begins with ${kind}_` })
    .pipe(z.custom<Id<K>>((value) => typeof value === "string" && parseId(kind, value) !== undefined));

export const hostId = id("hst") satisfies z.ZodType<HostId>;
export const vmId = id("vm") satisfies z.ZodType<VmId>;
export const fenceDeviceId = id("fnc") satisfies z.ZodType<FenceDeviceId>;
export const hookId = id("hok") satisfies z.ZodType<HookId>;
export const checkpointId = id("ckp") satisfies z.ZodType<CheckpointId>;
export const maintenanceId = id("mnt") satisfies z.ZodType<MaintenanceId>;
export const imageId = id("img") satisfies z.ZodType<ImageId>;
export const applicationId = id("app") satisfies z.ZodType<ApplicationId>;
export const incidentId = id("inc") satisfies z.ZodType<IncidentId>;
export const intentId = id("int") satisfies z.ZodType<IntentId>;
export const keyId = id("key") satisfies z.ZodType<KeyId>;
export const messageId = id("msg") satisfies z.ZodType<MessageId>;
export const allocationId = id("alc") satisfies z.ZodType<AllocationId>;
export const repairId = id("rep") satisfies z.ZodType<RepairId>;
export const organizationId = id("org") satisfies z.ZodType<OrganizationId>;
/** better-auth makes these, in its own form. */
export const userId = z
  .string()
  .min(1)
  .pipe(z.custom<UserId>((value) => typeof value === "string"));

/** Milliseconds since 1970. */
export const epochMs = z.number();
