import type { Connection } from "../connection.ts";
import type { DomainRef } from "../events/domain-events.ts";
import { isNoDomain, isUnsupported } from "../libvirt-error.ts";
import { type DomainState, domainStates, nameOf, stateReasons, type Unknown } from "../protocol/domain-names.ts";
import type { NonnullDomain } from "../protocol/generated/types.ts";
import type { CallOptions } from "../session/session.ts";
import { numberParam, paramsToRecord } from "../xdr/typed-params.ts";
import { type DomainKey, wireDomain } from "./keys.ts";

export interface DomainStatus {
  readonly state: DomainState | Unknown;
  /** In the words of that state, e.g. "ioerror" of "paused". */
  readonly reason: string;
}

export interface ListedDomain extends DomainStatus {
  readonly domain: DomainRef;
  /** Has a definition that outlives its process. */
  readonly persistent: boolean;
}

const statsState = 1;
const listPersistent = 4;

export function statusOf(state: number, reason: number): DomainStatus {
  const known = domainStates[state];
  return { state: nameOf(domainStates, state), reason: nameOf(known ? stateReasons[known] : [], reason) };
}

/**
 * All domains of the host with their states, in one round trip. Asks only what libvirtd itself knows: a QEMU that hangs cannot
 * make this hang.
 */
export async function listDomains(connection: Connection, options?: CallOptions): Promise<ListedDomain[]> {
  const [records, persistent] = await Promise.all([
    stateRecords(connection, options),
    connection.call("connect_list_all_domains", { need_results: 1, flags: listPersistent }, options),
  ]);
  const kept = new Set(persistent.domains.map(({ uuid }) => uuid));
  return records.map(({ domain, ...status }) => ({ domain, ...status, persistent: kept.has(domain.uuid) }));
}

async function stateRecords(
  connection: Connection,
  options: CallOptions | undefined,
): Promise<(DomainStatus & { readonly domain: NonnullDomain })[]> {
  try {
    const args = { doms: [], stats: statsState, flags: 0 };
    const { retStats } = await connection.call("connect_get_all_domain_stats", args, options);
    return retStats.map(({ dom, params }) => {
      const stats = paramsToRecord(params);
      return {
        domain: dom,
        ...statusOf(numberParam(stats, "state.state") ?? 0, numberParam(stats, "state.reason") ?? 0),
      };
    });
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
  // A driver without statistics: one call for each domain. One that goes away meanwhile is left out.
  const { domains } = await connection.call("connect_list_all_domains", { need_results: 1, flags: 0 }, options);
  const records = await Promise.all(
    domains.map(async (domain) => {
      try {
        return [{ domain, ...(await domainStatus(connection, domain, options)) }];
      } catch (error) {
        if (isNoDomain(error)) return [];
        throw error;
      }
    }),
  );
  return records.flat();
}

/** Throws LibvirtError NO_DOMAIN where the host does not know it. */
export async function domainStatus(
  connection: Connection,
  domain: DomainKey,
  options?: CallOptions,
): Promise<DomainStatus> {
  const { state, reason } = await connection.call("domain_get_state", { dom: wireDomain(domain), flags: 0 }, options);
  return statusOf(state, reason);
}

/** The domain of this UUID or name; undefined where the host does not know it. */
export async function findDomain(
  connection: Connection,
  by: { readonly uuid: string } | { readonly name: string },
  options?: CallOptions,
): Promise<DomainRef | undefined> {
  try {
    const { dom } =
      "uuid" in by
        ? await connection.call("domain_lookup_by_uuid", { uuid: by.uuid }, options)
        : await connection.call("domain_lookup_by_name", { name: by.name }, options);
    return dom;
  } catch (error) {
    if (isNoDomain(error)) return undefined;
    throw error;
  }
}

export interface DomainInfo {
  readonly state: DomainState | Unknown;
  readonly maxMemoryKiB: number;
  readonly memoryKiB: number;
  readonly vcpus: number;
  /** Used by the guest since its start; in nanoseconds. */
  readonly cpuTimeNs: bigint;
}

/** Also answered by libvirtd itself, without asking QEMU. */
export async function domainInfo(
  connection: Connection,
  domain: DomainKey,
  options?: CallOptions,
): Promise<DomainInfo> {
  const info = await connection.call("domain_get_info", { dom: wireDomain(domain) }, options);
  return {
    state: nameOf(domainStates, info.state),
    maxMemoryKiB: Number(info.maxMem),
    memoryKiB: Number(info.memory),
    vcpus: info.nrVirtCpu,
    cpuTimeNs: info.cpuTime,
  };
}
