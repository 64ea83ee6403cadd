/**
 * A libvirt daemon in memory: speaks the wire protocol, answers by handlers, records what came. For tests of this room, of rooms
 * that use it, and for measurements. `attach` takes any byte stream, so it can also stand behind a real socket.
 */
import { type Duplex, duplexPair } from "node:stream";
import type { Dialer } from "../dialer/dialer.ts";
import { type DomainEventKind, domainEvents } from "../events/domain-events.ts";
import type { Packet } from "../framing/header.ts";
import type { Messages, Procedures } from "../protocol/generated/types.ts";
import type { MessageName, ProcedureName } from "../protocol/table.ts";
import { FakeClient, type FakeHandler, type noReply } from "./fake-client.ts";

/** Handlers by procedure, each taking what the procedure takes and giving what it answers, or a promise of it, or `noReply`. */
export type FakeHandlers = {
  readonly [P in ProcedureName]?: (
    args: Procedures[P]["args"],
    client: FakeClient,
    header: Packet["header"],
  ) => Procedures[P]["ret"] | typeof noReply | Promise<Procedures[P]["ret"] | typeof noReply>;
};

/** What a daemon does before anything else: let everyone in, agree on keepalive, open any driver, register events. */
function basics(server: FakeServer): FakeHandlers {
  return {
    auth_list: () => ({ types: [0] }),
    connect_supports_feature: () => ({ supported: 1 }),
    connect_open: () => undefined,
    connect_close: () => undefined,
    connect_domain_event_callback_register_any: ({ eventID }, client) => ({
      callbackID: server.register(client, `event ${eventID}`),
    }),
    connect_domain_event_callback_deregister_any: ({ callbackID }, client) => {
      server.deregister(client, callbackID);
    },
    "qemu.connect_domain_monitor_event_register": (_args, client) => ({
      callbackID: server.register(client, "monitor"),
    }),
    "qemu.connect_domain_monitor_event_deregister": ({ callbackID }, client) => {
      server.deregister(client, callbackID);
    },
  };
}

interface Registered {
  readonly client: FakeClient;
  readonly callbackID: number;
  readonly what: string;
}

export class FakeServer {
  readonly clients = new Set<FakeClient>();
  /** Every client that ever came, in order. */
  readonly allClients: FakeClient[] = [];
  #handlers: FakeHandlers;
  #registered: Registered[] = [];
  #lastCallback = 0;
  #listeners: (() => void)[] = [];
  /** Set: dialling fails with it. */
  refuses: Error | undefined;

  constructor(handlers: FakeHandlers = {}) {
    this.#handlers = { ...basics(this), ...handlers };
  }

  /** Replaces some answers from now on. */
  handle(handlers: FakeHandlers): void {
    this.#handlers = { ...this.#handlers, ...handlers };
  }

  dialer(target = "fake server"): Dialer {
    return {
      target,
      dial: async () => {
        if (this.refuses) throw this.refuses;
        const [ours, theirs] = duplexPair();
        // As with a socket: one side gone means the other is.
        ours.on("close", () => theirs.destroy());
        theirs.on("close", () => ours.destroy());
        this.attach(theirs);
        return ours;
      },
    };
  }

  attach(duplex: Duplex): FakeClient {
    const client = new FakeClient(duplex, {
      // The table decides which handler gets which arguments, so the types of each pair fit.
      handlerOf: (name) => this.#handlers[name as ProcedureName] as FakeHandler | undefined,
      onPacket: () => this.#wake(),
      onClose: () => {
        this.clients.delete(client);
        this.#registered = this.#registered.filter((one) => one.client !== client);
        this.#wake();
      },
    });
    this.clients.add(client);
    this.allClients.push(client);
    return client;
  }

  register(client: FakeClient, what: string): number {
    this.#lastCallback += 1;
    this.#registered.push({ client, callbackID: this.#lastCallback, what });
    return this.#lastCallback;
  }

  deregister(client: FakeClient, callbackID: number): void {
    this.#registered = this.#registered.filter((one) => one.client !== client || one.callbackID !== callbackID);
  }

  get registrations(): number {
    return this.#registered.length;
  }

  /** Sends a domain event to all who asked for its kind. `make` builds the message for one callback id. */
  emit<K extends DomainEventKind>(
    kind: K,
    make: (callbackID: number) => Messages[(typeof domainEvents)[K]["message"]],
  ): void {
    const { id, message } = domainEvents[kind];
    for (const { client, callbackID, what } of this.#registered) {
      const name: MessageName = message;
      if (what === `event ${id}`) client.sendEvent(name, make(callbackID));
    }
  }

  /** Keeps its promise as soon as `condition` holds; looked at after each packet and each close. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#listeners.push(resolve));
  }

  #wake(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}
