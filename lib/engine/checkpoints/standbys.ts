import { mayCarry, placeReplica, type Replica } from "../../decide/index.ts";
import {
  type Checkpoint,
  type CheckpointId,
  type CheckpointStatus,
  type Host,
  type HostId,
  hostStandings,
  type Vm,
  type VmId,
} from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import { CheckpointDamaged, type Inventory } from "../ports.ts";
import { type StandingBy, standsBy } from "../repair/places-replicas.ts";
import { PriorityGate } from "../repair/priority-gate.ts";
import { tellDamaged } from "../repair/restore/candidates.ts";
import { type Asked, AskReplicas } from "./ask-replicas.ts";
import { whileRead } from "./in-hand.ts";
import type { StandbyFinder } from "./saved.ts";

/** So long a replica that an earlier life made is looked for, before another is made: a host may be connected late. */
const lookWithinMs = 60_000;
const lookAgainMs = 5_000;
/** VMs whose replicas are looked for at once: each asks several hosts. Repairs do not wait for them. */
const lookedForAtOnce = 4;
const refreshWithinMs = 10 * 60_000;
const refreshedAtOnce = 4;
/** What needs its memory is not kept waiting for longer. */
const dropWithinMs = 5_000;

interface Standby {
  readonly uuid: string;
  readonly host: HostId;
  readonly memoryMiB: number;
  /** The checkpoint that the replica was last brought to; null: none yet, or it failed. */
  ready: CheckpointId | null;
  words: string;
  /** A newer one came while one is being brought over: it is next. */
  next: CheckpointId | undefined;
  refreshing: boolean;
  /** A VM needs its memory: it is dropped as soon as nothing is written to it. */
  givesWay: boolean;
  dropping: Promise<void> | undefined;
  /** Its host could not be used meanwhile, or carried the VM itself: it lies in memory, so it may be gone. */
  doubted: boolean;
}

/** That of an earlier life of Belay is looked for. */
interface Look {
  /** What it may hold: the newest ones when this life began. Others are taken meanwhile. */
  readonly ids: readonly CheckpointId[];
  readonly untilMs: number;
  notBeforeMs: number;
}

const gaveWay =
  "Its replica gave way to a VM that needed the room. Where a host has room, a new one is made when its state is saved the next time.";

const noHost = "The host where its replica stands by cannot be used now.";
const consumed = "It runs where its replica stood by. Another is made when its state is saved the next time.";
const isAsked = "It is not known yet whether its replica is still there.";

const isUsable = (host: Host | undefined): boolean =>
  host?.state === "up" && host.health !== "red" && hostStandings[host.standing].mayStart;

const notReady = (words: string): Exclude<CheckpointStatus["standby"], null> => ({ ready: false, words });

const freshStandby = ({ uuid, memoryMiB }: Vm, host: HostId): Standby => ({
  ...{ uuid, host, memoryMiB, ready: null, next: undefined, refreshing: false },
  ...{ givesWay: false, dropping: undefined, doubted: false },
  words: "A replica is being made.",
});

/** Passive replicas: where each stands by, and what it holds. Where they are is known to this life alone; after a start the hosts are asked. */
export class Standbys implements StandbyFinder, StandingBy {
  readonly #env: Env;
  readonly #known = new Map<VmId, Standby>();
  /** Why there is none. */
  readonly #none = new Map<VmId, string>();
  /** Whose replica is this life's own, or of which every host has said that there is none: see `#find`. */
  readonly #looked = new Set<VmId>();
  readonly #looks = new Map<VmId, Look>();
  readonly #ask: AskReplicas;
  readonly #turns = new PriorityGate();
  #refreshing = 0;

  constructor(env: Env) {
    this.#env = env;
    this.#ask = new AskReplicas(env);
    standsBy(env, this);
  }

  /** What the VM's owner is told. A replica that is one checkpoint behind, while it is brought to the newest, counts as ready. */
  stateOf(vm: Vm, checkpoints: readonly Checkpoint[], hosts: ReadonlyMap<HostId, Host>): CheckpointStatus["standby"] {
    if (!vm.standby) return null;
    const it = this.#known.get(vm.id);
    const newest = checkpoints.filter((row) => row.state === "valid").slice(0, 2);
    if (newest.length === 0) return notReady("Nothing of it is saved yet that a replica could hold.");
    if (it === undefined && !this.#looked.has(vm.id)) void this.#find(vm, newest);
    if (it === undefined)
      return notReady(this.#none.get(vm.id) ?? "A replica is made when its state is saved the next time.");
    if (it.host === vm.hostId || !isUsable(hosts.get(it.host))) {
      it.doubted ||= it.ready !== null;
      return notReady(it.host === vm.hostId ? consumed : noHost);
    }
    if (it.doubted) {
      void this.#askAgain(vm, it, newest);
      return notReady(isAsked);
    }
    if (newest.some((row) => row.id === it.ready))
      return { ready: true, words: "A replica of its newest checkpoint stands by on another host." };
    return notReady(it.words);
  }

  /** One that an earlier life of Belay has made stays where it is, and what it takes counts. Asked until every host has answered. */
  async #find(vm: Vm, checkpoints: readonly Checkpoint[]): Promise<void> {
    const nowMs = this.#env.clock.monotonicMs();
    const ids = checkpoints.map(({ id }) => id);
    const look = this.#looks.get(vm.id) ?? { ids, untilMs: nowMs + lookWithinMs, notBeforeMs: nowMs };
    if (nowMs < look.notBeforeMs) return;
    this.#looks.set(vm.id, look);
    look.notBeforeMs = Number.POSITIVE_INFINITY; // one look at a time
    const isStill = () => this.#looks.get(vm.id) === look && !this.#known.has(vm.id);
    try {
      let sure = true;
      for (const id of look.ids) {
        const there = await this.#turns.run(lookedForAtOnce, vm.priority, () => this.#ask.where(vm, id, undefined));
        if (!isStill()) return;
        sure &&= there.sure;
        if (there.host === undefined) continue;
        const words = "Its replica is brought to its newest checkpoint when its state is saved the next time.";
        this.#known.set(vm.id, { ...freshStandby(vm, there.host), ready: id, words });
        break;
      }
      if (sure || this.#known.has(vm.id)) this.#lookedFor(vm.id);
    } catch (error) {
      this.#env.log.warn(`it could not be asked where the replica of ${vm.name} stands`, { error: String(error) });
    } finally {
      look.notBeforeMs = this.#env.clock.monotonicMs() + lookAgainMs;
    }
  }

  #lookedFor(vm: VmId): void {
    this.#looked.add(vm);
    this.#looks.delete(vm);
  }

  async #askAgain(vm: Vm, it: Standby, checkpoints: readonly Checkpoint[]): Promise<void> {
    it.doubted = false;
    if (it.refreshing) return; // it becomes what it is brought to
    const before = it.ready;
    Object.assign(it, { ready: null, words: isAsked });
    let found: CheckpointId | null = null;
    let sure = true;
    try {
      for (const { id } of checkpoints) {
        if (found !== null) break;
        const there = await this.#turns.run(lookedForAtOnce, vm.priority, () => this.#ask.where(vm, id, it.host));
        sure &&= there.sure;
        if (there.host !== undefined) found = id;
      }
    } catch (error) {
      it.doubted = true; // it is asked again
      this.#env.log.warn(`it could not be asked whether the replica of ${vm.name} is there`, { error: String(error) });
      return;
    }
    if (it.ready !== null || it.givesWay || it.refreshing) return; // it was brought to a newer one meanwhile
    if (found === null && !sure) {
      it.doubted = true; // its host has not answered: that does not say that it is gone
      return;
    }
    it.ready = found;
    it.words =
      found === null
        ? "Its replica is gone: another is made when its state is saved the next time."
        : "Its replica is brought to its newest checkpoint when its state is saved the next time.";
    if (found === null) this.#env.log.info(`the replica of ${vm.name} is gone`, { host: it.host, checkpoint: before });
  }

  readyOn = async (vm: Asked, checkpoint: CheckpointId): Promise<HostId | undefined> =>
    (await this.#ask.where(vm, checkpoint, this.#known.get(vm.id)?.host)).host;

  /** A checkpoint was taken: its VM's replica is brought to it. `told` is called whenever what is so has changed, `damaged` where the checkpoint is. */
  async refresh(
    vm: Vm,
    checkpoint: CheckpointId,
    inventory: Inventory,
    told: () => Promise<void>,
    damaged: () => void,
  ): Promise<void> {
    // A second one elsewhere would leave what an earlier life made in memory, where nobody counts it.
    const look = this.#looks.get(vm.id);
    if (look !== undefined && this.#env.clock.monotonicMs() < look.untilMs) return told();
    const it = this.#place(vm, inventory);
    if (it === undefined) return told();
    it.next = checkpoint;
    if (it.refreshing || this.#refreshing >= refreshedAtOnce) return;
    await this.#bring(vm, it, told, damaged);
  }

  /** Nobody wants it any more, or it cannot stay where it is. `runsOn`: the VM's own host, which may be where it stood by. */
  async forget(vm: VmId, runsOn: HostId | undefined): Promise<void> {
    this.#none.delete(vm);
    this.#looked.delete(vm);
    this.#looks.delete(vm);
    const it = this.#known.get(vm);
    if (it === undefined || it.refreshing) return;
    this.#known.delete(vm);
    if (it.host === runsOn) return; // the VM may run from it
    const { checkpoints, log } = this.#env;
    await checkpoints
      .dropStandby(it.host, it)
      .catch((error: unknown) => log.warn("a replica could not be dropped", { error: String(error) }));
  }

  /** The VMs that have one, or would have one. */
  vms = (): Iterable<VmId> => new Set([...this.#known.keys(), ...this.#none.keys(), ...this.#looks.keys()]);

  /** Also those that give way: until one is dropped its memory is taken. */
  replicas = (): readonly Replica[] =>
    [...this.#known].map(([vmId, { host, memoryMiB }]) => ({ vmId, hostId: host, memoryMiB }));

  async giveWay(vm: VmId): Promise<void> {
    const it = this.#known.get(vm);
    if (it === undefined) return;
    Object.assign(it, { givesWay: true, ready: null, next: undefined, words: gaveWay });
    if (!it.refreshing) await this.#drop(vm, it);
  }

  /** Once for all who wait for it. One that cannot be dropped now is found in the way again. */
  #drop(vm: VmId, it: Standby): Promise<void> {
    it.dropping ??= this.#dropNow(vm, it);
    return it.dropping;
  }

  async #dropNow(vm: VmId, it: Standby): Promise<void> {
    const { clock, checkpoints, log } = this.#env;
    const dropping = checkpoints.dropStandby(it.host, it).then(() => true);
    const gone = await within(clock, dropWithinMs, dropping, false).catch((error: unknown) => {
      log.warn("a replica could not be dropped", { error: String(error) });
      return false;
    });
    Object.assign(it, { givesWay: false, dropping: undefined });
    if (!gone || this.#known.get(vm) !== it) return;
    this.#known.delete(vm);
    this.#none.set(vm, gaveWay);
  }

  /** It stays where it is while it can; else it goes where the VM itself would be started if its host were lost now. */
  #place(vm: Vm, inventory: Inventory): Standby | undefined {
    this.#lookedFor(vm.id);
    const known = this.#known.get(vm.id);
    if (known?.givesWay) return undefined;
    const host = inventory.hosts.find((it: Host) => it.id === known?.host);
    if (known !== undefined && host !== undefined && host.id !== vm.hostId && mayCarry(host)) return known;
    if (known?.refreshing) return known;
    if (known !== undefined) void this.forget(vm.id, vm.hostId);
    const placeOf = (as: Vm) => placeReplica({ ...inventory, replicas: this.replicas() }, as);
    const seesDisk = placeOf(vm);
    const place = "refusal" in seesDisk ? placeOf({ ...vm, diskPaths: [] }) : seesDisk;
    if ("refusal" in place) {
      this.#none.set(
        vm.id,
        `There is no replica of it. ${place.refusal} It is tried again each time that its state is saved.`,
      );
      return undefined;
    }
    this.#none.delete(vm.id);
    const fresh = freshStandby(vm, place.host);
    this.#known.set(vm.id, fresh);
    return fresh;
  }

  async #bring(vm: Vm, it: Standby, told: () => Promise<void>, damaged: () => void): Promise<void> {
    const { clock, checkpoints, hypervisor, log } = this.#env;
    it.refreshing = true;
    this.#refreshing++;
    try {
      for (let checkpoint = it.next; checkpoint !== undefined && !it.givesWay; checkpoint = it.next) {
        it.next = undefined;
        const id = checkpoint;
        const work = async () => {
          const { xml: definition } = await hypervisor.readDefinition(vm.hostId, vm.uuid);
          await checkpoints.refreshStandby(it.host, { checkpoint: id, vm, definition, generation: vm.generation });
          return true;
        };
        const ok = await within(clock, refreshWithinMs, whileRead(this.#env, id, work), false).catch(
          async (error: unknown) => {
            if (error instanceof CheckpointDamaged) {
              await tellDamaged(this.#env, vm, id, error.message);
              damaged();
            }
            log.warn(`the replica of ${vm.name} could not be refreshed`, { error: String(error) });
            return false;
          },
        );
        if (it.givesWay) break;
        it.ready = ok ? id : null;
        it.words = ok
          ? "Its replica is being brought to its newest checkpoint."
          : "Its replica could not be brought to its newest checkpoint; it is tried again with the next one.";
        await told();
      }
    } finally {
      it.refreshing = false;
      this.#refreshing--;
    }
    if (it.givesWay) await this.#drop(vm.id, it);
    else return;
    await told();
  }
}
