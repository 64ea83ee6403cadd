import type { Clock, HostSignal, Hypervisor, Log } from "../engine/ports.ts";
import { agentAnswers, domainXml } from "../libvirt/index.ts";
import type { HostId } from "../model/index.ts";
import { act } from "./act.ts";
import { createCopies } from "./copies.ts";
import { diskPathsOf } from "./definition.ts";
import { DomainLister, sightOf } from "./domains.ts";
import { asking } from "./errors.ts";
import { HostLink } from "./host-link.ts";
import { killQemu } from "./inject.ts";
import { HostLinks } from "./links.ts";
import { createSenses } from "./senses.ts";

/** Real hosts: libvirt over one kept SSH connection each, with Belay's key in `identityFile`. `links`: for others who use them. */
export function createHypervisor({
  identityFile,
  clock,
  log,
  links = new HostLinks(),
}: {
  identityFile: string;
  clock: Clock;
  log: Log;
  links?: HostLinks;
}): Hypervisor {
  const listers = new Map<HostId, DomainLister>();

  return {
    async *watch(host, signal): AsyncGenerator<HostSignal, void> {
      if (links.has(host.id)) throw new Error(`${host.name} is watched already`);
      const link = new HostLink(host, identityFile, clock);
      links.add(host.id, link);
      listers.set(host.id, new DomainLister());
      const close = () => void link.close();
      signal.addEventListener("abort", close, { once: true });
      try {
        if (!signal.aborted) yield* link.signals();
      } finally {
        signal.removeEventListener("abort", close);
        links.remove(host.id);
        listers.delete(host.id);
        await link.close().catch((error: unknown) => log.warn(`closing ${host.name}`, { error: String(error) }));
      }
    },
    listDomains: (id) =>
      asking(async () => {
        const connection = links.of(id).connection();
        return (listers.get(id) ?? new DomainLister()).list(connection);
      }),
    readDomain: (id, uuid) => asking(async () => sightOf(links.of(id).connection(), uuid)),
    readDefinition: (id, uuid) =>
      asking(async () => {
        const xml = await domainXml(links.of(id).connection(), { uuid }, { inactive: true, secure: true });
        return { xml, diskPaths: diskPathsOf(xml) };
      }),
    act: (id, uuid, action, definition) => asking(async () => act(links.of(id).connection(), uuid, action, definition)),
    inject: (id, target) => asking(async () => killQemu(links.of(id), target)),
    agentAnswers: (id, uuid, timeoutMs) =>
      asking(async () => agentAnswers(links.of(id).connection(), { uuid }, { timeoutMs })),
    ...createSenses(links),
    ...createCopies(links),
  };
}
