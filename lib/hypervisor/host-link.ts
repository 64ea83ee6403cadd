import { type Clock, type HostAddress, type HostFacts, type HostSignal, HostUnreachable } from "../engine/ports.ts";
import {
  type Connection,
  type DomainEvent,
  isOverflow,
  isRpcError,
  LibvirtError,
  nodeInfo,
  SshConnection,
  type Supervisor,
  sshDialer,
  supervise,
  versions,
} from "../libvirt/index.ts";
import type { EpochMs } from "../model/index.ts";
import { sshTarget } from "./target.ts";
import { eventWords } from "./translate.ts";

const eventKinds = ["lifecycle", "io_error_reason", "watchdog", "reboot"] as const;
type WatchedEvent = DomainEvent<(typeof eventKinds)[number]>;

/** Half a second of silence is asked about, three without an answer are a lost connection. It costs a view, never a guest. */
const keepalive = { intervalMs: 500, count: 5 };
const backoff = { initialMs: 250, maxMs: 5_000 };
const callTimeoutMs = 30_000;

function inWords(event: WatchedEvent): string {
  switch (event.kind) {
    case "lifecycle":
      return eventWords.lifecycle(event.event, event.detail);
    case "io_error_reason":
      return eventWords.ioError(event.reason);
    case "watchdog":
      return eventWords.watchdog(event.action);
    case "reboot":
      return "rebooted";
  }
}

async function readFacts(connection: Connection): Promise<HostFacts> {
  const [node, version] = await Promise.all([nodeInfo(connection), versions(connection)]);
  return {
    cpus: node.cpus,
    memoryMiB: Math.floor(node.memoryKiB / 1024),
    libvirtVersion: version.libvirt,
    qemuVersion: version.hypervisor,
  };
}

/** One host: its kept SSH connection, libvirt over it, and what it says by itself. */
export class HostLink {
  readonly ssh: SshConnection;
  readonly #supervisor: Supervisor;
  readonly #clock: Clock;
  readonly #name: string;
  /** The newest connection that was open: it knows when it last heard anything also when it is lost. */
  #heard: Connection | undefined;

  constructor(host: HostAddress, identityFile: string, clock: Clock) {
    const target = sshTarget(host.uri);
    this.ssh = new SshConnection({ ...target, hostKeySha256: host.hostKeySha256, privateKey: { file: identityFile } });
    this.#supervisor = supervise({ dialer: sshDialer(this.ssh), keepalive, callTimeoutMs, backoff });
    this.#clock = clock;
    this.#name = host.name;
  }

  /** The open connection. Throws HostUnreachable at once where there is none: who asks decides whether to wait. */
  connection(): Connection {
    const { state } = this.#supervisor;
    if (state.state === "open" && state.connection.closedBy === undefined) return state.connection;
    const why = state.state === "waiting" ? `: ${state.lastError.message}` : "";
    throw new HostUnreachable(`${this.#name} is not connected${why}`);
  }

  /** When anything last came from the host's libvirtd, the same until more comes; undefined before the first. */
  heardAt(): EpochMs | undefined {
    const { state } = this.#supervisor;
    if (state.state === "open") this.#heard = state.connection;
    return this.#heard?.heardAt;
  }

  async *signals(): AsyncGenerator<HostSignal, void> {
    for await (const state of this.#supervisor.states()) {
      if (state.state === "open") {
        this.#heard = state.connection;
        yield* this.#hear(state.connection);
      } else if (state.state === "waiting") {
        const { nextAttemptAt, lastError } = state;
        yield { kind: "disconnected", at: this.#clock.now(), words: lastError.message, nextAttemptAt };
      }
    }
  }

  async close(): Promise<void> {
    await this.#supervisor.close();
    this.ssh.close();
  }

  /** Subscribes before it says `connected`: what happens after the first scan is then never missed. */
  async *#hear(connection: Connection): AsyncGenerator<HostSignal, void> {
    try {
      const [facts, events] = await Promise.all([readFacts(connection), connection.subscribe(eventKinds)]);
      yield { kind: "connected", at: this.#clock.now(), facts };
      for await (const event of events) {
        const at = this.#clock.now();
        if (isOverflow(event)) yield { kind: "overflow", at, lost: event.lost };
        else yield { kind: "domain", at, uuid: event.domain.uuid, what: inWords(event) };
      }
    } catch (error) {
      if (!isRpcError(error) && !(error instanceof LibvirtError)) throw error;
      // The connection is lost, or of no use: the supervisor says so next and dials anew.
      if (connection.closedBy === undefined) await connection.close();
    }
  }
}
