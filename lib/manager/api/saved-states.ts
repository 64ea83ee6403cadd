import type { z } from "zod";
import {
  type CheckpointList,
  type CheckpointView,
  checkpointList,
  type IncidentView,
  type IntentView,
  incidentList,
  intentAccepted,
  intentView,
  type restoreBesideBody,
  type restoreCheckpointBody,
  type VmView,
} from "../../contract/index.ts";
import type { Api } from "./client.ts";

/**
 * Saved states of a VM on call (docs/protocol.md). What changes something is written down and done later: it is asked under a key, so that the
 * same may be sent again after a lost answer, and its intent says how it went.
 */

type VmId = VmView["id"];
type CheckpointId = CheckpointView["id"];
type IntentId = IntentView["intentId"];

/** Newest first. */
export const checkpoints = (api: Api, vmId: VmId, signal: AbortSignal): Promise<CheckpointList> =>
  api.ask("GET", `/vms/${vmId}/checkpoints`, checkpointList, { signal });

export const takeCheckpoint = (api: Api, vmId: VmId, idempotencyKey: string, signal: AbortSignal): Promise<IntentId> =>
  wish(api, `/vms/${vmId}/checkpoints`, undefined, idempotencyKey, signal);

/** The VM goes back to it: what it did since is lost. */
export const restoreCheckpoint = (
  api: Api,
  id: CheckpointId,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<IntentId> => {
  const body: z.input<typeof restoreCheckpointBody> = { confirm: true };
  return wish(api, `/checkpoints/${id}/restore`, body, idempotencyKey, signal);
};

/** Another VM begins from it, cut off from the network. */
export const restoreBeside = (
  api: Api,
  id: CheckpointId,
  name: string,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<IntentId> => {
  const body: z.input<typeof restoreBesideBody> = { name };
  return wish(api, `/checkpoints/${id}/restore-beside`, body, idempotencyKey, signal);
};

const wish = async (
  api: Api,
  route: string,
  body: unknown,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<IntentId> =>
  (await api.ask("POST", route, intentAccepted, { ...(body !== undefined && { body }), idempotencyKey, signal }))
    .intentId;

export const intent = (api: Api, id: IntentId, signal: AbortSignal): Promise<IntentView> =>
  api.ask("GET", `/intents/${id}`, intentView, { signal });

/** The newest ones of a VM, newest first. */
export const incidentsOf = async (api: Api, vmId: VmId, signal: AbortSignal): Promise<readonly IncidentView[]> =>
  (await api.ask("GET", `/incidents?vmId=${vmId}&limit=20`, incidentList, { signal })).incidents;
