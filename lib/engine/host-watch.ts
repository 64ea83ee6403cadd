import type { Host, VmId } from "../model/index.ts";
import type { EngineOptions, Env } from "./env.ts";
import { type Batch, type Heard, Inbox } from "./inbox.ts";
import { look, startWatching, type Watched } from "./look.ts";
import { type DomainSight, type HostSignal, HostUnreachable } from "./ports.ts";

const troubleMs = 1_000;
const unreadKept = 1_024;
const wordsKept = 8;

/**
 * Watches one host: its events wake, a scan every few seconds is the truth, and both go through the same look. A lost event
 * costs a delay, never a repair. One look at a time per host, so no two of them race for one VM.
 */
export class HostWatch {
  readonly #env: Env;
  readonly #options: EngineOptions;
  readonly #host: Host;
  readonly #inbox: Inbox;
  readonly #stop = new AbortController();
  readonly #watched = new Map<string, Watched>();
  /** What events said and no look has answered yet: a host that falls silent in between must not make us forget it. */
  readonly #unread = new Map<string, Heard>();
  #up = false;
  /** The host was lost, or could not be reached: what runs there is not known. Not so while the first connection is being opened. */
  #silent = false;
  #reload = true;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(env: Env, options: EngineOptions, host: Host) {
    this.#env = env;
    this.#options = options;
    this.#host = host;
    this.#inbox = new Inbox(env.clock);
  }

  start(): void {
    this.#ended = Promise.all([this.#listen(), this.#work()]);
  }

  /** The VMs' wishes may have changed: read them again before the next look. */
  reload(): void {
    this.#reload = true;
    this.#inbox.askScan();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #listen(): Promise<void> {
    const { hypervisor, log, clock } = this.#env;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const it of hypervisor.watch(this.#host, signal)) await this.#hear(it);
      } catch (error) {
        if (signal.aborted) return;
        log.error(`the watch of ${this.#host.name} broke and begins anew`, { error: String(error) });
      }
      await clock.sleep(troubleMs, signal).catch(() => undefined);
    }
  }

  async #hear(signal: HostSignal): Promise<void> {
    switch (signal.kind) {
      case "domain":
        this.#inbox.hear(signal.uuid, signal.what, signal.at);
        break;
      case "overflow":
        this.#inbox.askScan();
        break;
      case "connected":
        this.#up = true;
        this.#silent = false;
        await this.#env.store.recordHost(this.#host.id, "up", signal.at, null, signal.facts);
        this.#inbox.askScan();
        break;
      case "disconnected":
        this.#up = false;
        this.#silent = true;
        await this.#env.store.recordHost(this.#host.id, "silent", signal.at, signal.words);
        this.reload(); // the work loop marks the VMs as not known
        break;
    }
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#env;
    const { signal } = this.#stop;
    let nextScanAt = clock.now();
    while (!signal.aborted) {
      try {
        const batch = await this.#inbox.take(Math.min(nextScanAt, this.#nextLookAt()), signal);
        this.#remember(batch);
        if (this.#reload) await this.#load();
        if (!this.#up) {
          if (this.#silent) await this.#markUnknown();
          nextScanAt = clock.now() + this.#options.scanEveryMs;
          continue;
        }
        const due = this.#dueUuids();
        if (batch.scan || clock.now() >= nextScanAt) {
          nextScanAt = clock.now() + this.#options.scanEveryMs;
          await this.#scan();
        } else {
          for (const uuid of new Set([...this.#unread.keys(), ...due])) await this.#lookAt(uuid);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof HostUnreachable))
          log.error(`looking at ${this.#host.name} failed`, { error: String(error) });
        this.#reload = true;
        nextScanAt = clock.now() + troubleMs;
        await clock.sleep(troubleMs, signal).catch(() => undefined);
      }
    }
  }

  #nextLookAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const { lookAt } of this.#watched.values()) if (lookAt !== undefined && lookAt < at) at = lookAt;
    return this.#up ? at : Number.POSITIVE_INFINITY;
  }

  #dueUuids(): string[] {
    const now = this.#env.clock.now();
    return [...this.#watched].filter(([, it]) => it.lookAt !== undefined && it.lookAt <= now).map(([uuid]) => uuid);
  }

  async #load(): Promise<void> {
    this.#reload = false;
    const { store } = this.#env;
    const vms = await store.vmsOf(this.#host.id);
    const troubled: ReadonlySet<VmId> = new Set((await store.openIncidentsOf(this.#host.id)).keys());
    const uuids = new Set(vms.map((vm) => vm.uuid));
    for (const uuid of this.#watched.keys()) if (!uuids.has(uuid)) this.#watched.delete(uuid);
    for (const vm of vms) {
      const known = this.#watched.get(vm.uuid);
      if (known === undefined) this.#watched.set(vm.uuid, startWatching(vm, troubled));
      else {
        known.vm = vm;
        known.troubled = troubled.has(vm.id);
      }
    }
  }

  async #markUnknown(): Promise<void> {
    const { store, clock } = this.#env;
    for (const watched of this.#watched.values()) {
      watched.lookAt = undefined;
      watched.memory = undefined;
      if (watched.vm.state === "unknown") continue;
      const { persistent, memoryMiB, vcpus } = watched.vm;
      const seen = { state: "unknown", reason: "none", runId: null, persistent, memoryMiB, vcpus } as const;
      watched.vm = await store.recordVm(watched.vm.id, seen, clock.now());
    }
  }

  #remember(batch: Batch): void {
    for (const [uuid, heard] of batch.domains) {
      const before = this.#unread.get(uuid);
      if (before === undefined && this.#unread.size >= unreadKept) continue; // the scan sees it all the same
      this.#unread.set(uuid, {
        said: [...(before?.said ?? []), ...heard.said].slice(-wordsKept),
        since: before?.since ?? heard.since,
      });
    }
  }

  async #scan(): Promise<void> {
    const sights = await this.#env.hypervisor.listDomains(this.#host.id);
    const seen = new Map(sights.map((sight) => [sight.uuid, sight]));
    for (const sight of sights) if (!this.#watched.has(sight.uuid)) await this.#adopt(sight);
    for (const [uuid, watched] of this.#watched) await this.#see(watched, seen.get(uuid));
    for (const uuid of this.#unread.keys()) if (!this.#watched.has(uuid)) this.#unread.delete(uuid);
  }

  async #see(watched: Watched, sight: DomainSight | undefined): Promise<void> {
    await look(this.#env, this.#options, watched, sight, this.#unread.get(watched.vm.uuid));
    this.#unread.delete(watched.vm.uuid);
  }

  async #lookAt(uuid: string): Promise<void> {
    const sight = await this.#env.hypervisor.readDomain(this.#host.id, uuid);
    const watched = this.#watched.get(uuid);
    if (watched === undefined) {
      if (sight !== undefined) await this.#adopt(sight);
      this.#unread.delete(uuid);
      return;
    }
    if (this.#unread.get(uuid)?.said.some((what) => what.startsWith("defined")))
      await this.#readDefinition(watched.vm.id, uuid);
    await this.#see(watched, sight);
  }

  /** What runs is taken as wanted and what stands still as unwanted: a VM is never started by surprise. */
  async #adopt(sight: DomainSight): Promise<void> {
    const { store, clock, hypervisor } = this.#env;
    const definition = await hypervisor.readDefinition(this.#host.id, sight.uuid);
    const wanted = sight.state === "stopped" ? "stopped" : "running";
    const vm = await store.adoptVm(this.#host.id, sight, definition, wanted, clock.now());
    this.#watched.set(vm.uuid, startWatching(vm, new Set()));
  }

  async #readDefinition(vm: VmId, uuid: string): Promise<void> {
    await this.#env.store.recordDefinition(vm, await this.#env.hypervisor.readDefinition(this.#host.id, uuid));
  }
}
