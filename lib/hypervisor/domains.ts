import type { DomainSight } from "../engine/ports.ts";
import { type Connection, domainInfo, domainStatus, findDomain, isNoDomain, listDomains } from "../libvirt/index.ts";
import { translateState } from "./translate.ts";

const runIdOf = (id: number): number | null => (id < 0 ? null : id);

/** One domain, as libvirtd itself knows it; undefined where the host does not know it. QEMU is not asked, so it cannot make this hang. */
export async function sightOf(connection: Connection, uuid: string): Promise<DomainSight | undefined> {
  try {
    const [ref, status, info, kept] = await Promise.all([
      findDomain(connection, { uuid }),
      domainStatus(connection, { uuid }),
      domainInfo(connection, { uuid }),
      connection.call("domain_is_persistent", { dom: { uuid, name: "", id: -1 } }),
    ]);
    if (ref === undefined) return undefined;
    return {
      uuid: ref.uuid,
      name: ref.name,
      ...translateState(status.state, status.reason),
      runId: runIdOf(ref.id),
      persistent: kept.persistent !== 0,
      memoryMiB: Math.round(info.maxMemoryKiB / 1024),
      vcpus: info.vcpus,
    };
  } catch (error) {
    if (isNoDomain(error)) return undefined;
    throw error;
  }
}

type Size = Pick<DomainSight, "memoryMiB" | "vcpus">;

/**
 * All domains of a host, cheaply: states come in one round trip, and a domain's size is asked once for each of its runs.
 */
export class DomainLister {
  readonly #sizes = new Map<string, Size & { readonly runId: number | null }>();

  async list(connection: Connection): Promise<DomainSight[]> {
    const listed = await listDomains(connection);
    const sights: DomainSight[] = [];
    for (const { domain, state, reason, persistent } of listed) {
      const runId = runIdOf(domain.id);
      const size = await this.#size(connection, domain.uuid, runId);
      if (size === undefined) continue; // gone since it was listed
      sights.push({
        uuid: domain.uuid,
        name: domain.name,
        ...translateState(state, reason),
        runId,
        persistent,
        ...size,
      });
    }
    const here = new Set(listed.map(({ domain }) => domain.uuid));
    for (const uuid of this.#sizes.keys()) if (!here.has(uuid)) this.#sizes.delete(uuid);
    return sights;
  }

  async #size(connection: Connection, uuid: string, runId: number | null): Promise<Size | undefined> {
    const known = this.#sizes.get(uuid);
    if (known !== undefined && known.runId === runId) return { memoryMiB: known.memoryMiB, vcpus: known.vcpus };
    try {
      const info = await domainInfo(connection, { uuid });
      const size = { memoryMiB: Math.round(info.maxMemoryKiB / 1024), vcpus: info.vcpus };
      this.#sizes.set(uuid, { ...size, runId });
      return size;
    } catch (error) {
      if (isNoDomain(error)) return undefined;
      throw error;
    }
  }
}
