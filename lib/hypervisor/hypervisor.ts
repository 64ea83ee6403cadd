import { type Clock, type HostSignal, HostUnreachable, type Hypervisor, type Log } from "../engine/ports.ts";
import { agentAnswers, domainXml } from "../libvirt/index.ts";
import type { HostId } from "../model/index.ts";
import { act } from "./act.ts";
import { DomainLister, sightOf } from "./domains.ts";
import { asking } from "./errors.ts";
import { HostLink } from "./host-link.ts";
import { killQemu } from "./inject.ts";

interface Watched {
  readonly link: HostLink;
  readonly lister: DomainLister;
}

/** Real hosts: libvirt over one kept SSH connection each, with Belay's key in `identityFile`. */
export function createHypervisor({
  identityFile,
  clock,
  log,
}: {
  identityFile: string;
  clock: Clock;
  log: Log;
}): Hypervisor {
  const hosts = new Map<HostId, Watched>();

  const watched = (id: HostId): Watched => {
    const host = hosts.get(id);
    if (host === undefined) throw new HostUnreachable("The host is not watched.");
    return host;
  };

  return {
    async *watch(host, signal): AsyncGenerator<HostSignal, void> {
      if (hosts.has(host.id)) throw new Error(`${host.name} is watched already`);
      const link = new HostLink(host, identityFile, clock);
      hosts.set(host.id, { link, lister: new DomainLister() });
      const close = () => void link.close();
      signal.addEventListener("abort", close, { once: true });
      try {
        if (!signal.aborted) yield* link.signals();
      } finally {
        signal.removeEventListener("abort", close);
        hosts.delete(host.id);
        await link.close().catch((error: unknown) => log.warn(`closing ${host.name}`, { error: String(error) }));
      }
    },
    listDomains: (id) =>
      asking(async () => {
        const { link, lister } = watched(id);
        return lister.list(link.connection());
      }),
    readDomain: (id, uuid) => asking(async () => sightOf(watched(id).link.connection(), uuid)),
    readDefinition: (id, uuid) =>
      asking(async () => domainXml(watched(id).link.connection(), { uuid }, { inactive: true, secure: true })),
    act: (id, uuid, action, definition) =>
      asking(async () => act(watched(id).link.connection(), uuid, action, definition)),
    inject: (id, target) => asking(async () => killQemu(watched(id).link, target)),
    agentAnswers: (id, uuid, timeoutMs) =>
      asking(async () => agentAnswers(watched(id).link.connection(), { uuid }, { timeoutMs })),
  };
}
