import {
  domainStates,
  type LifecycleName,
  lifecycleDetails,
  lifecycleEvents,
  stateReasons,
} from "../protocol/domain-names.ts";
import type { NonnullDomain } from "../protocol/generated/types.ts";
import { FakeLibvirtError } from "./fake-client.ts";
import { type FakeHandlers, FakeServer } from "./fake-server.ts";

type KnownState = (typeof domainStates)[number];

export interface FakeDomain {
  readonly name: string;
  readonly uuid: string;
  persistent: boolean;
  id: number;
  state: KnownState;
  reason: string;
  xml: string;
}

const noDomain = 42;
const operationInvalid = 55;

/** A fake server with domains that can be listed, started, paused and killed, and that tell of it in lifecycle events. */
export class FakeHost {
  readonly server: FakeServer;
  readonly domains = new Map<string, FakeDomain>();
  #lastId = 0;

  constructor() {
    this.server = new FakeServer(this.#handlers());
  }

  /** Adds a domain that is not running. */
  add(name: string, uuid: string, persistent = true): FakeDomain {
    const xml = `<domain type='qemu'><name>${name}</name><uuid>${uuid}</uuid></domain>`;
    const domain: FakeDomain = { name, uuid, persistent, id: -1, state: "shutoff", reason: "unknown", xml };
    this.domains.set(uuid, domain);
    return domain;
  }

  /** What `kill -9` of its QEMU does: libvirt says "failed" in the event and "crashed" in the state. */
  kill(domain: FakeDomain): void {
    this.become(domain, "shutoff", "crashed", "stopped", "failed");
  }

  become(domain: FakeDomain, state: KnownState, reason: string, event: LifecycleName, detail: string): undefined {
    const dom = wire(domain);
    if (state === "shutoff") domain.id = -1;
    domain.state = state;
    domain.reason = reason;
    if (state === "shutoff" && !domain.persistent) this.domains.delete(domain.uuid);
    this.server.emit("lifecycle", (callbackID) => ({
      callbackID,
      msg: { dom, event: lifecycleEvents.indexOf(event), detail: indexOf(lifecycleDetails[event], detail) },
    }));
  }

  #find(uuid: string): FakeDomain {
    const domain = this.domains.get(uuid);
    if (!domain) throw new FakeLibvirtError(noDomain, `Domain not found: no domain with matching uuid '${uuid}'`);
    return domain;
  }

  #running(uuid: string): FakeDomain {
    const domain = this.#find(uuid);
    if (domain.id < 0)
      throw new FakeLibvirtError(operationInvalid, "Requested operation is not valid: domain is not running");
    return domain;
  }

  #start(domain: FakeDomain): NonnullDomain {
    if (domain.id >= 0)
      throw new FakeLibvirtError(operationInvalid, "Requested operation is not valid: domain is already running");
    this.#lastId += 1;
    domain.id = this.#lastId;
    this.become(domain, "running", "booted", "started", "booted");
    return wire(domain);
  }

  #handlers(): FakeHandlers {
    return {
      connect_list_all_domains: ({ flags }) => {
        const domains = [...this.domains.values()]
          .filter(({ persistent }) => persistent || (flags & 4) === 0)
          .map(wire);
        return { domains, ret: domains.length };
      },
      connect_get_all_domain_stats: () => ({
        retStats: [...this.domains.values()].map((domain) => ({
          dom: wire(domain),
          params: [
            { field: "state.state", value: { type: "int", value: domainStates.indexOf(domain.state) } },
            { field: "state.reason", value: { type: "int", value: reasonOf(domain) } },
          ],
        })),
      }),
      domain_lookup_by_uuid: ({ uuid }) => ({ dom: wire(this.#find(uuid)) }),
      domain_get_state: ({ dom }) => {
        const domain = this.#find(dom.uuid);
        return { state: domainStates.indexOf(domain.state), reason: reasonOf(domain) };
      },
      domain_get_xml_desc: ({ dom }) => ({ xml: this.#find(dom.uuid).xml }),
      domain_create_with_flags: ({ dom }) => ({ dom: this.#start(this.#find(dom.uuid)) }),
      domain_destroy_flags: ({ dom }) =>
        this.become(this.#running(dom.uuid), "shutoff", "destroyed", "stopped", "destroyed"),
      domain_suspend: ({ dom }) => this.become(this.#running(dom.uuid), "paused", "user", "suspended", "paused"),
      domain_resume: ({ dom }) => this.become(this.#running(dom.uuid), "running", "unpaused", "resumed", "unpaused"),
      domain_reset: ({ dom }) => {
        this.#running(dom.uuid);
      },
    };
  }
}

function wire({ name, uuid, id }: FakeDomain): NonnullDomain {
  return { name, uuid, id };
}

function reasonOf({ state, reason }: FakeDomain): number {
  return indexOf(stateReasons[state], reason);
}

function indexOf(names: readonly string[], name: string): number {
  const at = names.indexOf(name);
  if (at < 0) throw new Error(`fake host: "${name}" is none of ${names.join(", ")}`);
  return at;
}
