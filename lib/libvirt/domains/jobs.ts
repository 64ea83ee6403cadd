import type { Connection } from "../connection.ts";
import { jobOperations, jobTypes, nameOf, type Unknown } from "../protocol/domain-names.ts";
import type { CallOptions } from "../session/session.ts";
import { numberParam, paramsToRecord, type TypedParams } from "../xdr/typed-params.ts";
import { type DomainKey, flagBits, wireDomain } from "./keys.ts";

const jobBits = { completed: 1, keepCompleted: 2 };

export interface DomainJob {
  /** "none" when no job runs. */
  readonly type: (typeof jobTypes)[number] | Unknown;
  readonly operation: (typeof jobOperations)[number] | Unknown;
  /** Since the job began; absent when no job runs. */
  readonly elapsedMs?: number;
  /** Everything libvirt tells of it, by its own names ("data_remaining", "downtime", …). */
  readonly params: TypedParams;
}

/** The job that runs on a domain (save, migration, backup, …); `completed`: the last one that ended. */
export async function domainJob(
  connection: Connection,
  domain: DomainKey,
  options: CallOptions & { readonly completed?: boolean; readonly keepCompleted?: boolean } = {},
): Promise<DomainJob> {
  const args = { dom: wireDomain(domain), flags: flagBits(jobBits, options) };
  const { type, params: list } = await connection.call("domain_get_job_stats", args, options);
  const params = paramsToRecord(list);
  const elapsedMs = numberParam(params, "time_elapsed");
  return {
    type: nameOf(jobTypes, type),
    operation: nameOf(jobOperations, numberParam(params, "operation") ?? 0),
    ...(elapsedMs !== undefined && { elapsedMs }),
    params,
  };
}

/** Asks the running job to stop. */
export async function abortDomainJob(connection: Connection, domain: DomainKey, options?: CallOptions): Promise<void> {
  await connection.call("domain_abort_job", { dom: wireDomain(domain) }, options);
}
