import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { HostUnreachable, type Log } from "../../engine/ports.ts";
import { domainStatus, isNoDomain, isOperationInvalid, qmp, resumeDomain } from "../../libvirt/index.ts";
import { BelayError, type HostId } from "../../model/index.ts";
import { isHeldByRestore } from "../agent/restore/look.ts";
import { wireVersion } from "../wire/index.ts";
import { Conversation } from "./conversation.ts";
import type { HostShell } from "./shell.ts";

const helloMs = 20_000;
const letGoMs = 5_000;
const sweepWithinMs = 10 * 60_000;
const backoff = { firstMs: 250, mostMs: 5_000 };

interface Place {
  conversation: Conversation | undefined;
  starting: Promise<Conversation> | undefined;
  failures: number;
  notBefore: number;
  lastError: unknown;
  /** UUIDs of guests that captures which have not ended may hold. */
  readonly held: Map<string, number>;
}

const atEndOfCopy = z.object({ status: z.literal("finish-migrate") });

/** One agent on each host: started when it is first needed, kept while the host's connection stands, and started anew, with back-off. */
export class Agents {
  readonly #shell: HostShell;
  readonly #start: (host: HostId) => Promise<readonly string[]>;
  readonly #log: Log;
  readonly #places = new Map<HostId, Place>();
  #closed = false;

  constructor(options: {
    readonly shell: HostShell;
    /** Makes sure that the agent is on the host, and answers the command that starts it. */
    readonly place: (host: HostId) => Promise<readonly string[]>;
    readonly log: Log;
  }) {
    this.#shell = options.shell;
    this.#start = options.place;
    this.#log = options.log;
  }

  /** The agent of this host. Throws `HostUnreachable` where there is none now. */
  async of(host: HostId): Promise<Conversation> {
    if (this.#closed) throw new HostUnreachable("Belay is being stopped.");
    const place = this.#placeOf(host);
    if (place.conversation !== undefined && !place.conversation.isClosed) return place.conversation;
    if (place.starting !== undefined) return place.starting;
    if (!this.#shell.stands(host)) throw new HostUnreachable("The host is not connected.");
    if (performance.now() < place.notBefore) throw place.lastError;
    place.starting = this.#begin(host, place).finally(() => {
      place.starting = undefined;
    });
    return place.starting;
  }

  /** While `work` goes on, the guest with this UUID may be held by the agent: should its channel end, we let the guest go. */
  async holding<T>(host: HostId, uuid: string, work: () => Promise<T>): Promise<T> {
    const { held } = this.#placeOf(host);
    held.set(uuid, (held.get(uuid) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (held.get(uuid) ?? 1) - 1;
      if (left === 0) held.delete(uuid);
      else held.set(uuid, left);
    }
  }

  close(): void {
    this.#closed = true;
    for (const place of this.#places.values()) place.conversation?.close();
  }

  #placeOf(host: HostId): Place {
    let place = this.#places.get(host);
    if (place === undefined) {
      place = {
        ...{ conversation: undefined, starting: undefined, failures: 0, notBefore: 0, lastError: undefined },
        held: new Map(),
      };
      this.#places.set(host, place);
    }
    return place;
  }

  async #begin(host: HostId, place: Place): Promise<Conversation> {
    let conversation: Conversation | undefined;
    try {
      const stream = await this.#shell.spawn(host, await this.#start(host));
      conversation = new Conversation(stream);
      const ready = await conversation.ask({ kind: "hello", wire: wireVersion }, AbortSignal.timeout(helloMs));
      if (ready.kind !== "ready") throw new Error(`The agent answered ${ready.kind} to the first question.`);
      if (ready.swept !== "") this.#log.info("an agent took away what the one before had left", { swept: ready.swept });
      place.failures = 0;
      place.conversation = conversation;
      void conversation.closed.then((error) => this.#ended(host, place, error));
      return conversation;
    } catch (cause) {
      conversation?.close();
      place.failures += 1;
      const pauseMs = Math.min(backoff.mostMs, backoff.firstMs * 2 ** (place.failures - 1));
      place.notBefore = performance.now() + pauseMs;
      place.lastError =
        cause instanceof HostUnreachable || cause instanceof BelayError
          ? cause
          : new HostUnreachable(`The agent does not start there: ${cause instanceof Error ? cause.message : cause}`, {
              cause,
            });
      this.#log.warn("the agent on a host does not start", { host, error: String(cause) });
      throw place.lastError;
    }
  }

  /** An agent lets its guests go by itself when its channel ends. One that was killed cannot: then we do, and the next one sweeps. */
  async #ended(host: HostId, place: Place, error: Error | undefined): Promise<void> {
    if (this.#closed) return;
    const held = [...place.held.keys()];
    if (error !== undefined || held.length > 0)
      this.#log.warn("the agent on a host ended", { host, error: error?.message ?? null, held });
    await Promise.all(held.map((uuid) => this.#letGo(host, uuid)));
    if (held.length > 0) await this.#sweepSoon(host, place);
  }

  /** An agent takes away what the one before has left when it starts: tried until one has, while the host is there. */
  async #sweepSoon(host: HostId, place: Place): Promise<void> {
    const end = performance.now() + sweepWithinMs;
    while (!this.#closed && this.#shell.stands(host) && performance.now() < end) {
      const started = await this.of(host).then(
        () => true,
        () => false,
      );
      if (started) return;
      await delay(Math.max(backoff.firstMs, place.notBefore - performance.now()), undefined, { ref: false });
    }
  }

  async #letGo(host: HostId, uuid: string): Promise<void> {
    try {
      const connection = this.#shell.libvirt(host);
      const status = await domainStatus(connection, { uuid }, { timeoutMs: letGoMs });
      if (status.state !== "paused") return;
      if (await isHeldByRestore(connection, uuid, status, { timeoutMs: letGoMs })) return; // that is another run
      await resumeDomain(connection, { uuid }, { timeoutMs: letGoMs }).catch(async (error: unknown) => {
        // At the end of a copy of its memory it goes on when that is called off, and only then. Nowhere else may that be done.
        const found = await qmp(connection, { uuid }, "query-status", {}, { timeoutMs: letGoMs });
        if (!atEndOfCopy.safeParse(found).success) throw error;
        await qmp(connection, { uuid }, "migrate_cancel", {}, { timeoutMs: letGoMs });
      });
    } catch (error) {
      // The host is away: then its agent sees the end of its channel, or the host is no more.
      if (!isNoDomain(error) && !isOperationInvalid(error))
        this.#log.warn("a guest may be held that its agent left", { host, uuid, error: String(error) });
    }
  }
}
