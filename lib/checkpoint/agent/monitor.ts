import {
  type Connection,
  connect,
  type DomainKey,
  domainStatus,
  isOverflow,
  type MonitorEvent,
  qmp,
  type Subscription,
  unixDialer,
} from "../../libvirt/index.ts";
import { isHeldByRestore } from "./restore/look.ts";

export const callMs = 10_000;
/** No run ends and is restored in less: nothing need be asked while the guest stands. */
const sameRunMs = 250;

/** A connection of its own to this host's libvirtd: what is slow for one VM must not delay another. */
export const connectHere = (signal?: AbortSignal): Promise<Connection> =>
  connect({ dialer: unixDialer("/run/libvirt/libvirt-sock"), callTimeoutMs: callMs, ...(signal && { signal }) });

/** The run that a capture had stopped is over, and a restore holds the one that is there now: it is not a capture's to let go. */
export class HeldByRestore extends Error {
  override readonly name = "HeldByRestore";
}

/** QEMU's monitor of one VM, through libvirtd, with its events. */
export class Monitor {
  readonly connection: Connection;
  readonly domain: DomainKey;
  readonly #events: Subscription<MonitorEvent>;
  readonly #listeners = new Set<(event: string, data: Record<string, unknown>) => void>();
  readonly #ended: Promise<void>;

  private constructor(connection: Connection, domain: DomainKey, events: Subscription<MonitorEvent>) {
    this.connection = connection;
    this.domain = domain;
    this.#events = events;
    this.#ended = this.#pump();
  }

  static async open(domain: DomainKey, signal?: AbortSignal): Promise<Monitor> {
    const connection = await connectHere(signal);
    try {
      return new Monitor(connection, domain, await connection.monitorEvents());
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async #pump(): Promise<void> {
    try {
      for await (const event of this.#events) {
        // Events are hints: whoever waits for one asks again from time to time.
        if (isOverflow(event) || event.domain.uuid !== this.domain.uuid) continue;
        const data: unknown = event.details === null ? {} : JSON.parse(event.details);
        for (const listener of [...this.#listeners]) listener(event.event, asRecord(data));
      }
    } catch {
      // The connection is lost: the calls say so.
    }
  }

  qmp(command: string, args: object = {}, timeoutMs = callMs): Promise<unknown> {
    return qmp(this.connection, this.domain, command, args, { timeoutMs });
  }

  /** Lets the guest go on that a capture has stopped, `standsMs` ago. Throws `HeldByRestore` where it is another run by now. */
  async cont(standsMs: number, timeoutMs = callMs): Promise<void> {
    if (standsMs > sameRunMs) {
      const status = await domainStatus(this.connection, this.domain, { timeoutMs });
      if (await isHeldByRestore(this.connection, this.domain.uuid, status, { timeoutMs }))
        throw new HeldByRestore("A restore holds it.");
    }
    await this.qmp("cont", {}, timeoutMs);
  }

  /** Until the returned function is called. */
  listen(listener: (event: string, data: Record<string, unknown>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Asks until there is an answer, at first, after each event of that name, and every `everyMs`. Throws the signal's reason, or when
   * `timeoutMs` are over.
   */
  async until<T>(
    what: string,
    event: string,
    ask: () => Promise<T | undefined>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal; readonly everyMs?: number },
  ): Promise<T> {
    const end = performance.now() + options.timeoutMs;
    let wake = () => {};
    let heard = false;
    const stop = this.listen((name) => {
      if (name !== event) return;
      heard = true;
      wake();
    });
    const onAbort = () => wake();
    options.signal?.addEventListener("abort", onAbort);
    try {
      for (;;) {
        options.signal?.throwIfAborted();
        heard = false;
        const answer = await ask();
        if (answer !== undefined) return answer;
        const leftMs = end - performance.now();
        if (leftMs <= 0) throw new Error(`${what}: not within ${options.timeoutMs} ms`);
        if (heard || options.signal?.aborted) continue;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(leftMs, options.everyMs ?? 250));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      stop();
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
    await this.#ended;
  }
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
export const asList = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(asRecord) : [];
export const asText = (value: unknown): string => (typeof value === "string" ? value : "");
export const asNumber = (value: unknown): number => (typeof value === "number" ? value : 0);
