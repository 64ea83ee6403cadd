import { groupRefusals, obstacleTo } from "../../decide/index.ts";
import {
  type CheckpointId,
  defaultPolicy,
  type EpochMs,
  type Host,
  type HostId,
  type Vm,
  type VmId,
} from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { within } from "../guard/within.ts";
import type { Inventory, PendingWish } from "../ports.ts";
import { type CaptureEnd, capture } from "./capture.ts";
import { capturesInHand } from "./in-hand.ts";
import { keepFew } from "./keep-few.ts";
import { Memories } from "./memory.ts";
import { OtherStore } from "./other-store.ts";
import { Retention } from "./retention.ts";
import type { Standbys } from "./standbys.ts";
import { StatusWriter } from "./status-writer.ts";
import { StoreRoom } from "./store-room.ts";
import { Sweeper } from "./sweeper.ts";
import { afterwards, type Track, Tracks } from "./tracks.ts";
import { type Unit, unitsOf } from "./units.ts";
import { Verifier } from "./verifier.ts";
import { carryOutWishes, type WishHelp } from "./wishes.ts";

/** However often something changes, all is read anew at most so often. */
const readAtMostEveryMs = 1_000;
/** A round that failed is tried again after this while. */
const againMs = 2_000;
const ofGroup = "Another VM of its group cannot be saved now.";
/** What is asked of a store that is away cannot be taken back; the engine's own stop must not wait for that. */
const stopsWithinMs = 3_000;

/** What the keeper needs of the engine around it. */
export interface KeeperHelp extends Omit<WishHelp, "captureFor"> {
  /** It answered in this run, and does not now: what would be saved of it may be what hangs. */
  readonly isSilent: (vm: VmId) => boolean;
  /** When it last answered, or when Belay began where it has not since: a state that is as old is not of a hang that came later. */
  readonly answeredAt: (vm: VmId) => EpochMs;
}

/**
 * Keeps what is saved of each VM as new as was chosen, within what hosts and store bear; carries out what people ask of saved states; reads
 * the newest of each now and then. Changes wake it, and it looks by itself.
 */
export class CheckpointKeeper {
  readonly #env: Env;
  readonly #options: EngineOptions;
  readonly #standbys: Standbys;
  readonly #memories: Memories;
  readonly #writer: StatusWriter;
  readonly #verifier: Verifier;
  readonly #sweeper: Sweeper;
  readonly #help: KeeperHelp;
  readonly #room: StoreRoom;
  readonly #retention: Retention;
  readonly #otherStore: OtherStore;
  readonly #tracks = new Tracks();
  readonly #work = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #inventory: Inventory | undefined;
  #hosts: ReadonlyMap<HostId, Host> = new Map();
  #vms: ReadonlyMap<VmId, Vm> = new Map();
  #intervals: ReadonlyMap<VmId, number> = new Map();
  /** VMs that only another one of their group keeps from being saved. */
  readonly #held = new Set<VmId>();
  /** VMs whose group does not go back together, and why. */
  #refusals: ReadonlyMap<VmId, string> = new Map();
  /** Their newest checkpoint was found damaged since the last round. */
  readonly #damaged = new Set<VmId>();
  #readMs = Number.NEGATIVE_INFINITY;
  #dirty = true;
  #wake: AbortController | undefined;
  #woken = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(env: Env, options: EngineOptions, standbys: Standbys, help: KeeperHelp) {
    this.#env = env;
    this.#options = options;
    this.#standbys = standbys;
    this.#help = help;
    this.#memories = new Memories(env.clock);
    this.#writer = new StatusWriter(env, this.#memories, standbys);
    const track = (work: Promise<void>) => this.#track(work);
    this.#room = new StoreRoom(env, track);
    this.#retention = new Retention(env, track);
    this.#otherStore = new OtherStore(env, track);
    this.#sweeper = new Sweeper(env, this.#memories, track);
    this.#verifier = new Verifier(env, this.#memories, (vm) => this.#anew(vm));
  }

  /** Intervals, wishes, VMs or hosts may have changed. Cheap: call it as often as you like. */
  readonly changed = (): void => {
    this.#dirty = true;
    this.#nudge();
  };

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort("stopping");
    this.#wake?.abort("stopping");
    for (const it of capturesInHand(this.#env).values()) it.cancel("Belay stops.");
    await this.#loop;
    await within(this.#env.clock, stopsWithinMs, Promise.all([...this.#work]), undefined);
  }

  #nudge(): void {
    this.#woken = true;
    this.#wake?.abort("something changed");
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#env;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#woken = false;
      let nextMs = clock.monotonicMs() + this.#options.sweepEveryMs;
      try {
        nextMs = Math.min(nextMs, await this.#pass());
      } catch (error) {
        if (!signal.aborted) log.error("the round of checkpoints failed and is tried again", { error: String(error) });
        nextMs = clock.monotonicMs() + againMs;
        this.#woken = false;
      }
      if (this.#woken || signal.aborted) continue;
      this.#wake = new AbortController();
      await clock.sleep(Math.max(1, nextMs - clock.monotonicMs()), this.#wake.signal).catch(() => undefined);
      this.#wake = undefined;
    }
  }

  /** One round; gives when the next is due. */
  async #pass(): Promise<number> {
    const { clock } = this.#env;
    let nextMs = Number.POSITIVE_INFINITY;
    const sinceMs = clock.monotonicMs() - this.#readMs;
    if (sinceMs >= this.#options.sweepEveryMs || (this.#dirty && sinceMs >= readAtMostEveryMs)) await this.#read();
    else if (this.#dirty) nextMs = this.#readMs + readAtMostEveryMs;
    nextMs = Math.min(nextMs, this.#beginDue());
    this.#verifier.next(this.#intervals.keys(), (work) => this.#track(work));
    return nextMs;
  }

  async #read(): Promise<void> {
    const { store, clock } = this.#env;
    this.#dirty = false;
    if (this.#inventory === undefined) this.#memories.recall((await store.checkpointStatuses()).values());
    this.#readMs = clock.monotonicMs();
    this.#intervals = await store.checkpointIntervals();
    const wishes = await store.pendingWishes();
    const left = [...this.#memories.vms()].some((vm) => !this.#intervals.has(vm));
    if (this.#intervals.size > 0 || wishes.length > 0 || left || this.#inventory === undefined) {
      const [policy, hosts, vms] = await Promise.all([store.policy(), store.hosts(), store.allVms()]);
      this.#inventory = { policy, hosts, vms };
      this.#hosts = new Map(hosts.map((host) => [host.id, host]));
      this.#vms = new Map(vms.map((vm) => [vm.id, vm]));
    }
    await this.#follow();
    this.#sweeper.removed();
    this.#tidy(wishes);
    const captureFor = (vm: Vm, id: CheckpointId) => this.#captureNow(vm, id);
    await carryOutWishes(this.#env, wishes, { ...this.#help, captureFor }, (work) => this.#track(work));
  }

  /** What is more than is to be kept goes, whether or not anything is saved now. */
  #tidy(wishes: readonly PendingWish[]): void {
    this.#otherStore.look();
    this.#room.look();
    this.#retention.look({
      kept: this.#inventory?.policy.checkpointsKept ?? defaultPolicy.checkpointsKept,
      saved: this.#intervals,
      asked: new Set(wishes.map(({ vmId }) => vmId)),
      isFull: this.#room.isFull,
      answeredAt: this.#help.answeredAt,
    });
  }

  /** Units that are wanted now, and what is shown of each of their VMs. */
  async #follow(): Promise<void> {
    const now = this.#env.clock.monotonicMs();
    const units = unitsOf(this.#vms.values(), this.#intervals, this.#inventory?.policy ?? defaultPolicy);
    this.#refusals = groupRefusals(this.#vms.values(), this.#intervals);
    this.#tracks.follow(units, now);
    for (const vm of [...this.#memories.vms()]) {
      const left = this.#vms.get(vm);
      if (this.#intervals.has(vm) || this.#tracks.isRunning(vm)) continue;
      if (left !== undefined) await this.#show(left);
      const kept = left !== undefined && this.#sweeper.sweeps(left, this.#obstacle(left) === undefined);
      if (!kept) this.#memories.forget(vm);
    }
    this.#held.clear();
    for (const unit of this.#tracks.units()) {
      const vms = unit.vms.flatMap((id) => this.#vms.get(id) ?? []);
      const canAll = vms.every((vm) => this.#obstacle(vm) === undefined);
      for (const vm of vms) {
        const can = this.#obstacle(vm) === undefined;
        if (!canAll && can) this.#held.add(vm.id);
        if (!canAll) {
          this.#memories.of(vm.id).chain = false;
          this.#sweeper.sweeps(vm, can); // no capture comes that would do it
        }
        await this.#show(vm);
      }
    }
    for (const id of [...this.#standbys.vms()]) {
      const vm = this.#vms.get(id);
      if (vm === undefined || !vm.standby || !this.#intervals.has(id)) await this.#standbys.forget(id, vm?.hostId);
    }
  }

  #obstacle(vm: Vm): string | undefined {
    return obstacleTo(vm, this.#hosts.get(vm.hostId), this.#help.isSilent(vm.id));
  }

  #show(vm: Vm): Promise<void> {
    const asked = {
      everyMs: this.#intervals.get(vm.id) ?? null,
      obstacle: this.#obstacle(vm) ?? (this.#held.has(vm.id) ? ofGroup : this.#memories.of(vm.id).obstacle),
      leastEveryMs: this.#inventory?.policy.checkpointLeastMs ?? 0,
      storeFull: this.#room.isFull,
      groupRefusal: this.#refusals.get(vm.id) ?? null,
    };
    return this.#writer.write(vm, asked, this.#hosts);
  }

  #beginDue(): number {
    const now = this.#env.clock.monotonicMs();
    this.#tracks.dueNow(this.#damaged, now);
    this.#damaged.clear();
    const perHost = this.#inventory?.policy.capturesPerHost ?? 1;
    const waitsUntil = this.#room.waitsUntil(now);
    if (waitsUntil !== undefined) return waitsUntil;
    // A full store gets one capture at a time, to see whether there is room again.
    const atOnce = this.#room.isFull ? 1 : this.#options.capturesAtOnce;
    const hostsOf = (unit: Unit) => this.#hostsOf(unit);
    const { begin, nextMs } = this.#tracks.begin({ hostsOf, perHost, atOnce }, now);
    for (const track of begin) this.#track(this.#captureUnit(track, track.unit.key));
    return nextMs;
  }

  /** undefined: one of its VMs cannot be captured now. */
  #hostsOf({ vms: ids }: Unit): readonly HostId[] | undefined {
    const vms = ids.flatMap((id) => this.#vms.get(id) ?? []);
    if (vms.length < ids.length || vms.some((vm) => this.#obstacle(vm) !== undefined)) return undefined;
    return vms.map((vm) => vm.hostId);
  }

  async #captureUnit(track: Track, key: string): Promise<void> {
    const { clock, log } = this.#env;
    try {
      const end = await capture(this.#env, this.#memories, { vms: track.unit.vms, kept: undefined });
      track.turn = afterwards(track.turn, end, clock.monotonicMs());
      await this.#after(end, track.unit.vms);
    } catch (error) {
      track.turn = afterwards(track.turn, { kind: "failed" }, clock.monotonicMs());
      if (!this.#stopping.signal.aborted) log.error("a capture broke off", { error: String(error) });
    } finally {
      this.#tracks.over(key);
      this.#nudge();
    }
  }

  /** A person's: beside the intervals, and not refused because others run. */
  async #captureNow(vm: Vm, id: CheckpointId): Promise<CaptureEnd> {
    if (capturesInHand(this.#env).has(vm.id)) return { kind: "obstacle", words: "It is being saved right now." };
    this.#tracks.runs(vm.id, [vm.hostId]);
    try {
      await this.#show(vm); // what is shown is the trace of it for the next life
      const end = await capture(this.#env, this.#memories, { vms: [vm.id], kept: id });
      await this.#after(end, [vm.id]);
      return end;
    } finally {
      this.#tracks.over(vm.id);
      this.#nudge();
    }
  }

  async #after(end: CaptureEnd, ids: readonly VmId[]): Promise<void> {
    const { store } = this.#env;
    if (this.#room.heard(end) || end.kind === "obstacle") this.#dirty = true;
    const keep = this.#inventory?.policy.checkpointsKept ?? defaultPolicy.checkpointsKept;
    for (const id of ids) {
      const vm = await store.vm(id);
      if (vm === undefined) continue;
      const memory = this.#memories.of(id);
      memory.rows = undefined;
      memory.obstacle = end.kind === "obstacle" ? end.words : null;
      memory.unbroken = end.kind === "done" ? memory.chain : memory.unbroken;
      memory.chain = end.kind === "done";
      if (end.kind === "done") {
        memory.sinceMs = this.#env.clock.monotonicMs();
        memory.recalled = null;
      }
      if (end.kind === "done") {
        const taken = end.rows.find((it) => it.vmId === id)?.id;
        this.#track(keepFew(this.#env, vm, keep, taken, this.#help.answeredAt(id))); // the next capture need not wait
        this.#standBy(vm, taken);
      }
      await this.#show(vm);
    }
  }

  #standBy(vm: Vm, checkpoint: CheckpointId | undefined): void {
    const inventory = this.#inventory;
    if (!vm.standby || checkpoint === undefined || inventory === undefined || !this.#intervals.has(vm.id)) return;
    const told = async () => {
      const now = await this.#env.store.vm(vm.id);
      if (now !== undefined) await this.#show(now);
    };
    this.#track(this.#standbys.refresh(vm, checkpoint, inventory, told, () => this.#anew(vm.id)));
  }

  /** Its newest checkpoint was found damaged: the next comes at once. One bad page may be of thousands: they are gone through together. */
  #anew(vm: VmId): void {
    this.#damaged.add(vm);
    this.changed();
  }

  #track(work: Promise<void>): void {
    const kept = work
      .catch((error: unknown) => {
        if (!this.#stopping.signal.aborted)
          this.#env.log.error("work on checkpoints broke off", { error: String(error) });
      })
      .finally(() => this.#work.delete(kept));
    this.#work.add(kept);
  }
}
