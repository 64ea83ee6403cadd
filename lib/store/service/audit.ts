import type { Ids, PersonDeed } from "../../engine/ports.ts";
import type { EpochMs, Viewer } from "../../model/index.ts";
import { toJson } from "../json.ts";
import { instant } from "../rows/narrow.ts";
import type { Write } from "../write/writer.ts";

export interface Deed {
  readonly action:
    | "host.enrol"
    | "host.remove"
    | "host.change"
    | "policy.change"
    | "fence-device.put"
    | "fence-device.remove"
    | "hook.put"
    | "hook.remove"
    | "incident.approve"
    | "incident.say-off"
    | "maintenance.begin"
    | "maintenance.end"
    | "organization.create"
    | PersonDeed["action"]
    | "application.create"
    | "application.change"
    | "checkpoint.capture"
    | "checkpoint.restore"
    | "checkpoint.restore-beside"
    | "checkpoint.keep"
    | "key.create"
    | "key.revoke"
    | "image.put"
    | "image.remove"
    | "endpoint.put"
    | "endpoint.remove"
    | "allocation.ask"
    | "allocation.free"
    | "vm.change"
    | "vm.kill";
  /** Id of the thing that was written. */
  readonly subject: string;
  /** What was asked for, as far as it says more than the subject. */
  readonly details: object;
}

/** Writes who did what, in the write's own transaction. */
export async function audit(write: Write, ids: Ids, by: Viewer, at: EpochMs, deed: Deed): Promise<void> {
  await write.db.audit.create({
    data: {
      id: ids.next("aud"),
      at: instant(at),
      userId: by.userId,
      keyId: by.key?.id ?? null,
      viewerName: by.name,
      organizationId: by.organizationId,
      role: by.role,
      action: deed.action,
      subject: deed.subject,
      details: toJson(deed.details),
    },
  });
}
