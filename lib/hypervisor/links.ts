import { HostUnreachable } from "../engine/ports.ts";
import type { HostId } from "../model/index.ts";
import type { HostLink } from "./host-link.ts";

/** The kept connections, by host: one watch makes each, everybody else uses it. */
export class HostLinks {
  readonly #links = new Map<HostId, HostLink>();

  has(host: HostId): boolean {
    return this.#links.has(host);
  }

  /** undefined for a host that nobody watches. */
  find(host: HostId): HostLink | undefined {
    return this.#links.get(host);
  }

  /** Throws HostUnreachable for a host that nobody watches. */
  of(host: HostId): HostLink {
    const link = this.#links.get(host);
    if (link === undefined) throw new HostUnreachable("The host is not watched.");
    return link;
  }

  add(host: HostId, link: HostLink): void {
    this.#links.set(host, link);
  }

  remove(host: HostId): void {
    this.#links.delete(host);
  }
}
