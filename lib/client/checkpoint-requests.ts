import type { z } from "zod";
import {
  type ApplicationView,
  applicationView,
  type CheckpointAdvice,
  type CheckpointList,
  type CheckpointView,
  type changeApplicationBody,
  checkpointAdvice,
  checkpointList,
  checkpointView,
  intentAccepted,
} from "../contract/index.ts";
import type { ApplicationId, CheckpointId, IntentId, VmId } from "../model/index.ts";
import { call, type Result } from "./call.ts";

/** What pages ask about checkpoints, one function each. */

const api = (path: string) => `/api/v1${path}`;

export const changeApplication = (
  id: ApplicationId,
  body: z.input<typeof changeApplicationBody>,
): Promise<Result<ApplicationView>> =>
  call(api(`/applications/${id}`), { method: "PATCH", body, reply: applicationView });

export interface AdviceRequest {
  readonly of: { readonly vm: VmId } | { readonly application: ApplicationId };
  /** 0: off. */
  readonly everyMs: number;
}

export const fetchCheckpointAdvice = (
  { of, everyMs }: AdviceRequest,
  signal?: AbortSignal,
): Promise<Result<CheckpointAdvice>> => {
  const thing = "vm" in of ? `/vms/${of.vm}` : `/applications/${of.application}`;
  return call(api(`${thing}/checkpoint-advice?everyMs=${everyMs}`), {
    reply: checkpointAdvice,
    ...(signal && { signal }),
  });
};

export const fetchCheckpoints = (vm: VmId): Promise<Result<CheckpointList>> =>
  call(api(`/vms/${vm}/checkpoints`), { reply: checkpointList });

/** Sent twice with one key, it is one wish. */
const wish = async (path: string, key: string, body?: unknown): Promise<Result<IntentId>> => {
  const it = await call(api(path), {
    method: "POST",
    headers: { "idempotency-key": key },
    reply: intentAccepted,
    ...(body !== undefined && { body }),
  });
  return it.ok ? { ok: true, value: it.value.intentId } : it;
};

export const takeCheckpoint = (vm: VmId, key: string): Promise<Result<IntentId>> => wish(`/vms/${vm}/checkpoints`, key);

/** The asker has confirmed what is lost. */
export const restoreCheckpoint = (id: CheckpointId, key: string): Promise<Result<IntentId>> =>
  wish(`/checkpoints/${id}/restore`, key, { confirm: true });

export const restoreBeside = (id: CheckpointId, name: string, key: string): Promise<Result<IntentId>> =>
  wish(`/checkpoints/${id}/restore-beside`, key, { name });

export const keepCheckpoint = (id: CheckpointId, kept: boolean): Promise<Result<CheckpointView>> =>
  call(api(`/checkpoints/${id}/keep`), { method: "POST", body: { kept }, reply: checkpointView });
