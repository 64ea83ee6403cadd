import type { Vitals } from "../engine/ports.ts";
import { type Connection, numberParam, paramsToRecord, type TypedParams } from "../libvirt/index.ts";

/** virDomainStatsTypes: processor time, network cards, disks. */
const stats = 2 | 16 | 32;
/** Leave out what a QEMU that is busy would have to be waited for. */
const noWait = 1 << 29;
const timeoutMs = 3_000;

const sum = (params: TypedParams, name: RegExp) =>
  Object.keys(params).reduce((total, key) => total + (name.test(key) ? (numberParam(params, key) ?? 0) : 0), 0);

/** libvirt's statistics of a domain as our three numbers. Pure. */
export const vitalsOf = (params: TypedParams, at: number): Vitals => ({
  at,
  cpuTimeMs: Math.floor((numberParam(params, "cpu.time") ?? 0) / 1e6),
  blockRequests: sum(params, /^block\.\d+\.(rd|wr|fl)\.reqs$/),
  // Only what it sends: frames of others, and our own questions, are counted as received by a guest that hangs, too.
  netPackets: sum(params, /^net\.\d+\.tx\.pkts$/),
});

/** Throws LibvirtError NO_DOMAIN where the host does not know it. */
export async function readVitals(connection: Connection, uuid: string): Promise<Vitals> {
  const doms = [{ uuid, name: "", id: -1 }];
  const args = { doms, stats, flags: noWait };
  const { retStats } = await connection.call("connect_get_all_domain_stats", args, { timeoutMs });
  return vitalsOf(paramsToRecord(retStats[0]?.params ?? []), Date.now());
}
