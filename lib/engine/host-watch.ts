import { BelayError, type Host, type HostStanding, type Vm, type VmId } from "../model/index.ts";
import { adopt, seenElsewhere } from "./adopt.ts";
import type { EngineOptions, Env } from "./env.ts";
import type { GuestWatch } from "./guest-watch.ts";
import { type Batch, type Heard, Inbox } from "./inbox.ts";
import { type Around, glance, look, startWatching, type Watched } from "./look.ts";
import { notRunning } from "./not-running.ts";
import { type DomainSight, type HostSignal, HostUnreachable, HypervisorRefused } from "./ports.ts";
import { beingMade } from "./provision/in-hand.ts";
import { forgetSighting, lastSighting, readAll } from "./sightings.ts";

const troubleMs = 1_000;
/** How often a domain that is another host's VM is asked about again. */
const foreignEveryMs = 5_000;
/** A host that stands otherwise is being fenced, is fenced, or is examined: what shows there says nothing. */
const lookedAt: readonly HostStanding[] = ["in-use", "maintenance"];
const unreadKept = 1_024;
const wordsKept = 8;

/** A VM was removed between two reads, as one that its owner gives back: what is left is read anew. */
const isRemoved = (error: unknown) => error instanceof BelayError && error.code === "not-found";

/**
 * Watches one host: its events wake, a scan every few seconds is the truth, and both go through the same look. A lost event
 * costs a delay, never a repair. One look at a time per host, so no two of them race for one VM.
 */
export class HostWatch {
  readonly #env: Env;
  readonly #options: EngineOptions;
  readonly #guests: GuestWatch;
  readonly #applications: Pick<Around, "ofApplication" | "vmFailed">;
  readonly #changed: () => void;
  readonly #turn: (nowMs: number) => number;
  #host: Host;
  readonly #inbox: Inbox;
  readonly #stop = new AbortController();
  readonly #watched = new Map<string, Watched>();
  /** What events said and no look has answered yet: a host that falls silent in between must not make us forget it. */
  readonly #unread = new Map<string, Heard>();
  /** Domains here that are known as VMs of other hosts: when to ask about them again. */
  readonly #foreign = new Map<string, { readonly vm: Vm; readonly at: number; readonly both: boolean }>();
  #lastAround: Around | undefined;
  readonly #again = (uuid: string) => this.#inbox.ask(uuid);
  #up = false;
  /** The host was lost, or could not be reached: what runs there is not known. Not so while the first connection is being opened. */
  #silent = false;
  #reload = true;
  /** Nothing was loaded yet in this life. */
  #first = true;
  #ended: Promise<unknown> = Promise.resolve();

  /** `changed` is called when what fits where may have changed. `turn` says when this host's next scan is due, for a scan now. */
  constructor(
    env: Env,
    options: EngineOptions,
    host: Host,
    guests: GuestWatch,
    applications: Pick<Around, "ofApplication" | "vmFailed">,
    changed: () => void,
    turn: (nowMs: number) => number,
  ) {
    this.#env = env;
    this.#options = options;
    this.#host = host;
    this.#guests = guests;
    this.#applications = applications;
    this.#changed = changed;
    this.#turn = turn;
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

  /** The host as it is now: how it stands decides what is made of what shows there. */
  update(host: Host): void {
    const before = this.#host.standing;
    this.#host = host;
    if (before === host.standing) return;
    this.#changed();
    if (host.standing === "in-use") for (const watched of this.#watched.values()) watched.anew = "yes";
    this.reload();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
    forgetSighting(this.#env, this.#host.id);
    for (const { vm } of this.#watched.values()) this.#guests.leave(vm.id);
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
        this.#changed();
        this.reload();
        break;
      case "disconnected":
        this.#up = false;
        this.#silent = true;
        await this.#env.store.recordHost(this.#host.id, "silent", signal.at, signal.words);
        this.#changed();
        this.reload(); // the work loop marks the VMs as not known
        break;
    }
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#env;
    const { signal } = this.#stop;
    let nextScanAt = clock.monotonicMs();
    while (!signal.aborted) {
      try {
        const batch = await this.#inbox.take(Math.min(nextScanAt, this.#nextLookAt()), signal);
        this.#remember(batch);
        if (this.#reload) await this.#load();
        if (!this.#up) {
          if (this.#silent) await this.#markUnknown();
          nextScanAt = clock.monotonicMs() + this.#options.scanEveryMs;
          continue;
        }
        if (!lookedAt.includes(this.#host.standing)) {
          nextScanAt = clock.monotonicMs() + this.#options.scanEveryMs;
          this.#reload = true;
          continue;
        }
        const due = [...this.#dueUuids(), ...batch.asked];
        if (batch.scan || clock.monotonicMs() >= nextScanAt) {
          nextScanAt = this.#turn(clock.monotonicMs());
          await this.#scan();
        } else {
          for (const uuid of new Set([...this.#unread.keys(), ...due])) await this.#lookAt(uuid);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof HostUnreachable || isRemoved(error)))
          log.error(`looking at ${this.#host.name} failed`, { error: String(error) });
        this.#reload = true;
        nextScanAt = clock.monotonicMs() + troubleMs;
        await clock.sleep(troubleMs, signal).catch(() => undefined);
      }
    }
  }

  #nextLookAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const { lookAt } of this.#watched.values()) if (lookAt !== undefined && lookAt < at) at = lookAt;
    return this.#up ? at : Number.POSITIVE_INFINITY;
  }

  /** The same until the host is another: every look at every VM needs it. */
  #around(): Around {
    if (this.#lastAround?.host !== this.#host)
      this.#lastAround = {
        ...{ host: this.#host, guests: this.#guests, changed: this.#changed, again: this.#again },
        ...this.#applications,
      };
    return this.#lastAround;
  }

  #dueUuids(): string[] {
    const now = this.#env.clock.monotonicMs();
    const due: string[] = [];
    for (const [uuid, { lookAt }] of this.#watched) if (lookAt !== undefined && lookAt <= now) due.push(uuid);
    return due;
  }

  async #load(): Promise<void> {
    this.#reload = false;
    const { store } = this.#env;
    const host = await store.host(this.#host.id);
    if (host !== undefined) this.update(host);
    this.#reload = false;
    const vms = await store.vmsOf(this.#host.id);
    const troubled: ReadonlySet<VmId> = new Set((await store.openIncidentsOf(this.#host.id)).keys());
    const uuids = new Set(vms.map((vm) => vm.uuid));
    for (const [uuid, { vm }] of this.#watched) if (!uuids.has(uuid)) this.#forget(uuid, vm.id);
    for (const vm of vms) {
      const known = this.#watched.get(vm.uuid);
      if (known === undefined) this.#watched.set(vm.uuid, startWatching(vm, troubled, this.#first));
      else {
        known.vm = vm;
        known.troubled = troubled.has(vm.id);
      }
    }
    this.#first = false;
  }

  async #markUnknown(): Promise<void> {
    const { store, clock } = this.#env;
    for (const watched of this.#watched.values()) {
      watched.lookAt = undefined;
      watched.memory = undefined;
      this.#guests.leave(watched.vm.id);
      if (watched.vm.movingTo !== null) continue;
      if (watched.vm.state === "unknown") continue;
      watched.vm = await store.recordVm(watched.vm.id, notRunning(watched.vm, "unknown"), clock.now());
    }
  }

  #remember(batch: Batch): void {
    for (const [uuid, heard] of batch.domains) {
      const before = this.#unread.get(uuid);
      if (before === undefined && this.#unread.size >= unreadKept) continue; // the scan sees it all the same
      this.#unread.set(uuid, {
        said: [...(before?.said ?? []), ...heard.said].slice(-wordsKept),
        since: before?.since ?? heard.since,
        sinceMs: before?.sinceMs ?? heard.sinceMs,
      });
    }
  }

  async #scan(): Promise<void> {
    const { domains: seen } = await readAll(this.#env, this.#host.id);
    for (const uuid of this.#foreign.keys()) if (!seen.has(uuid)) this.#foreign.delete(uuid);
    for (const sight of seen.values()) if (!this.#watched.has(sight.uuid)) await this.#adopt(sight);
    for (const [uuid, watched] of this.#watched) {
      const sight = seen.get(uuid);
      if (glance(this.#env, this.#around(), watched, sight, this.#unread.get(uuid))) this.#unread.delete(uuid);
      else await this.#see(watched, sight);
    }
    for (const uuid of this.#unread.keys()) if (!this.#watched.has(uuid)) this.#unread.delete(uuid);
  }

  async #see(watched: Watched, sight: DomainSight | undefined): Promise<void> {
    const { uuid } = watched.vm;
    const mine = await look(this.#env, this.#around(), watched, sight, this.#unread.get(uuid));
    this.#unread.delete(uuid);
    if (!mine) this.#watched.delete(uuid); // another host's watch has it now
  }

  async #lookAt(uuid: string): Promise<void> {
    const sight = await this.#env.hypervisor.readDomain(this.#host.id, uuid);
    if (sight !== undefined) lastSighting(this.#env, this.#host.id)?.domains.set(uuid, sight);
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

  #forget(uuid: string, vm: VmId): void {
    this.#watched.delete(uuid);
    this.#guests.leave(vm);
  }

  async #adopt(sight: DomainSight): Promise<void> {
    const { uuid } = sight;
    if (beingMade(this.#env).has(uuid)) return;
    const now = this.#env.clock.monotonicMs();
    const known = this.#foreign.get(uuid);
    if (known !== undefined && now < known.at) return;
    const vm = known?.vm ?? (await this.#ifThere(uuid, adopt(this.#env, this.#host, sight)));
    if (vm === undefined) return;
    const found =
      vm.hostId === this.#host.id
        ? { mine: vm, both: false }
        : await seenElsewhere(this.#env, this.#host, vm, sight, known?.both ?? false);
    if (found.mine === undefined) {
      this.#foreign.set(uuid, { vm, at: now + foreignEveryMs, both: found.both });
      return;
    }
    this.#foreign.delete(uuid);
    this.#watched.set(uuid, startWatching(found.mine, new Set(), false));
    this.#reload = true; // it may have come with an incident
    this.#changed();
  }

  async #readDefinition(vm: VmId, uuid: string): Promise<void> {
    const read = await this.#ifThere(uuid, this.#env.hypervisor.readDefinition(this.#host.id, uuid));
    if (read === undefined) return;
    await this.#env.store.recordDefinition(vm, read.xml, read.diskPaths);
    this.#changed();
  }

  /** A domain may vanish between being seen and being read: the next event, or scan, says so. */
  async #ifThere<T>(uuid: string, reading: Promise<T>): Promise<T | undefined> {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof HypervisorRefused)) throw error;
      this.#env.log.warn(`a definition on ${this.#host.name} could not be read: ${error.message}`, { uuid });
      return undefined;
    }
  }
}
