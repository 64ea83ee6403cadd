import type { RpcError } from "./errors.ts";
import { type DomainEvent, type DomainEventKind, domainEvents } from "./events/domain-events.ts";
import type { EventHub } from "./events/hub.ts";
import { type Registration, type SubscribeOptions, type Subscription, subscribe } from "./events/subscription.ts";
import type { Messages, NonnullDomain, Procedures } from "./protocol/generated/types.ts";
import { type ProcedureName, procedure } from "./protocol/table.ts";
import type { CallOptions, Session } from "./session/session.ts";
import type { StreamProcedure } from "./streams/procedures.ts";
import { openStream, type RpcStream, type StreamOptions } from "./streams/stream.ts";

/** Procedures that can simply be called; those that open a stream go through `stream`. */
export type CallName = Exclude<ProcedureName, StreamProcedure>;

/** What follows the name in `call`: the arguments, left out or undefined where the procedure takes none, then the options. */
export type CallRest<P extends ProcedureName, O = CallOptions> = Procedures[P]["args"] extends undefined
  ? [args?: undefined, options?: O]
  : [args: Procedures[P]["args"], options?: O];

export interface MonitorEvent {
  readonly domain: NonnullDomain;
  /** QMP's name, e.g. "BLOCK_IO_ERROR". */
  readonly event: string;
  readonly at: Date;
  /** QMP's data, as JSON text. */
  readonly details: string | null;
}

/** An open, authenticated connection to one libvirt daemon. Made by `connect`. */
export class Connection {
  readonly #session: Session;
  readonly #hub: EventHub;
  #closing = false;

  constructor(session: Session, hub: EventHub) {
    this.#session = session;
    this.#hub = hub;
    void session.closed.then((error) => hub.end(this.#closing ? undefined : error));
  }

  /** What was dialled, for people. */
  get target(): string {
    return this.#session.target;
  }

  /** When anything last came from the daemon, in milliseconds since 1970; kept when the connection has ended. */
  get heardAt(): number {
    return this.#session.heardAt;
  }

  /** Kept with the reason when the connection has ended; never rejects. */
  get closed(): Promise<RpcError> {
    return this.#session.closed;
  }

  /** Why the connection ended; undefined while it is open. */
  get closedBy(): RpcError | undefined {
    return this.#session.closedBy;
  }

  /**
   * Calls one procedure of the protocol, by its name in the table. Calls made without waiting for each other are sent at once.
   * Throws LibvirtError (libvirt's own answer) or RpcError (this side, the deadline or the connection).
   */
  async call<P extends CallName>(name: P, ...rest: CallRest<P>): Promise<Procedures[P]["ret"]> {
    const [args, options] = rest;
    const answer = await this.#session.request(procedure(name), args, options);
    // The codec of the table's row makes what the generated type of the same row says: the one place where both meet.
    return answer as Procedures[P]["ret"];
  }

  /** Opens a stream: upload and download of volumes, screenshots, consoles. */
  stream<P extends StreamProcedure>(
    name: P,
    ...rest: CallRest<P, StreamOptions>
  ): Promise<RpcStream<Procedures[P]["ret"]>> {
    const [args, options] = rest;
    return openStream(this.#session, name, args, options);
  }

  /** The events of these kinds, of all domains or of one, in the order in which they came. */
  subscribe<K extends DomainEventKind>(
    kinds: readonly K[],
    options: SubscribeOptions & { readonly domain?: NonnullDomain } = {},
  ): Promise<Subscription<DomainEvent<K>>> {
    const registrations = kinds.map(
      (kind): Registration<DomainEvent<K>> => ({
        register: "connect_domain_event_callback_register_any",
        deregister: "connect_domain_event_callback_deregister_any",
        args: { eventID: domainEvents[kind].id, dom: options.domain ?? null },
        message: domainEvents[kind].message,
        decode: (message) => {
          // The row's `decode` takes its own row's message, which is what the hub hands to this registration.
          const decode = domainEvents[kind].decode as (message: unknown) => object;
          return { kind, ...decode(message) } as DomainEvent<K>;
        },
      }),
    );
    return subscribe(this.#session, this.#hub, registrations, options);
  }

  /** QEMU's own monitor events. `event`: only those of that name. */
  monitorEvents(
    options: SubscribeOptions & { readonly domain?: NonnullDomain; readonly event?: string } = {},
  ): Promise<Subscription<MonitorEvent>> {
    const registration: Registration<MonitorEvent> = {
      register: "qemu.connect_domain_monitor_event_register",
      deregister: "qemu.connect_domain_monitor_event_deregister",
      args: { dom: options.domain ?? null, event: options.event ?? null, flags: 0 },
      message: "qemu.domain_monitor_event",
      decode: (message) => {
        const { dom, event, seconds, micros, details } = message as Messages["qemu.domain_monitor_event"];
        return { domain: dom, event, at: new Date(Number(seconds) * 1000 + micros / 1000), details };
      },
    };
    return subscribe(this.#session, this.#hub, [registration], options);
  }

  /** Says goodbye to the daemon if it still listens, and ends everything that waits. May be called again. */
  async close(): Promise<void> {
    if (!this.#closing && !this.closedBy) {
      this.#closing = true;
      await this.#session.request(procedure("connect_close"), undefined, { timeoutMs: 1000 }).catch(() => undefined);
      this.#session.close();
    }
    await this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
