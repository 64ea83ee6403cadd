import type { Connection } from "../connection.ts";
import type { CallOptions } from "../session/session.ts";

export interface NodeInfo {
  /** E.g. "x86_64". */
  readonly model: string;
  readonly memoryKiB: number;
  readonly cpus: number;
  readonly mhz: number;
  readonly numaNodes: number;
  readonly sockets: number;
  readonly coresPerSocket: number;
  readonly threadsPerCore: number;
}

export async function nodeInfo(connection: Connection, options?: CallOptions): Promise<NodeInfo> {
  const info = await connection.call("node_get_info", undefined, options);
  const end = info.model.indexOf(0);
  return {
    model: Buffer.from(info.model.subarray(0, end < 0 ? undefined : end)).toString("utf8"),
    memoryKiB: Number(info.memory),
    cpus: info.cpus,
    mhz: info.mhz,
    numaNodes: info.nodes,
    sockets: info.sockets,
    coresPerSocket: info.cores,
    threadsPerCore: info.threads,
  };
}

export interface Versions {
  /** "QEMU". */
  readonly driver: string;
  /** libvirt's, "9.0.0". */
  readonly libvirt: string;
  /** The hypervisor's, "7.2.22". */
  readonly hypervisor: string;
}

/** libvirt packs a version as major × 1,000,000 + minor × 1,000 + release. */
export function versionText(packed: bigint): string {
  return `${packed / 1_000_000n}.${(packed / 1000n) % 1000n}.${packed % 1000n}`;
}

export async function versions(connection: Connection, options?: CallOptions): Promise<Versions> {
  const [type, library, hypervisor] = await Promise.all([
    connection.call("connect_get_type", undefined, options),
    connection.call("connect_get_lib_version", undefined, options),
    connection.call("connect_get_version", undefined, options),
  ]);
  return { driver: type.type, libvirt: versionText(library.lib_ver), hypervisor: versionText(hypervisor.hv_ver) };
}

export async function hostName(connection: Connection, options?: CallOptions): Promise<string> {
  return (await connection.call("connect_get_hostname", undefined, options)).hostname;
}
