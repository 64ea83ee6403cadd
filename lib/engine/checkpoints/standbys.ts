import { mayCarry, placeReplica, type Replica } from "../../decide/index.ts";
import type { Checkpoint, CheckpointId, CheckpointStatus, Host, HostId, Vm, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import { CheckpointDamaged, type Inventory } from "../ports.ts";
import { type StandingBy, standsBy } from "../repair/places-replicas.ts";
import { PriorityGate } from "../repair/priority-gate.ts";
import { tellDamaged } from "../repair/restore/candidates.ts";
import { type Asked, AskReplicas } from "./ask-replicas.ts";
import { whileRead } from "./in-hand.ts";
import type { StandbyFinder } from "./saved.ts";
import { awayFrom, couldHold, freshStandby, type Standby, standbyShown, standbyWords } from "./standby.ts";

/** So long a replica that an earlier life made is looked for, before another is made: a host may be connected late. */
const lookWithinMs = 60_000;
const lookAgainMs = 5_000;
/** VMs whose replicas are looked for at once: each asks several hosts. Repairs do not wait for them. */
const lookedForAtOnce = 4;
const refreshWithinMs = 10 * 60_000;
const refreshedAtOnce = 4;
/** What needs its memory is not kept waiting for longer. */
const dropWithinMs = 5_000;

/** That of an earlier life of Belay is looked for. */
interface Look {
  /** What it may hold: the newest ones when this life began. Others are taken meanwhile. */
  readonly ids: readonly CheckpointId[];
  readonly untilMs: number;
  notBeforeMs: number;
}

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
  readonly #looking = new PriorityGate();
  readonly #refreshing = new PriorityGate();

  constructor(env: Env) {
    this.#env = env;
    this.#ask = new AskReplicas(env);
    standsBy(env, this);
  }

  /** What the VM's owner is told. */
  stateOf(vm: Vm, checkpoints: readonly Checkpoint[], hosts: ReadonlyMap<HostId, Host>): CheckpointStatus["standby"] {
    return vm.standby ? standbyShown(this.#known.get(vm.id), this.#none.get(vm.id), vm, checkpoints, hosts) : null;
  }

  /** Things may have changed: what an earlier life made is looked for, and what may be gone is asked for. Call it as often as you like. */
  look(vm: Vm, checkpoints: readonly Checkpoint[], hosts: ReadonlyMap<HostId, Host>): void {
    const newest = couldHold(checkpoints);
    if (!vm.standby || newest.length === 0) return;
    const it = this.#known.get(vm.id);
    if (it === undefined) {
      if (!this.#looked.has(vm.id)) void this.#find(vm, newest);
    } else if (awayFrom(it, vm, hosts) !== undefined) {
      if (it.doing.kind === "stands" && it.ready !== null) it.doing = { kind: "doubted" };
      if (it.doing.kind === "waits") it.ready = null; // it is made anew anyway
    } else if (it.doing.kind === "doubted") void this.#askAgain(vm, it, newest);
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
        const there = await this.#looking.run(lookedForAtOnce, vm.priority, () => this.#ask.where(vm, id, undefined));
        if (!isStill()) return;
        sure &&= there.sure;
        if (there.host === undefined) continue;
        this.#known.set(vm.id, { ...freshStandby(vm, there.host), ready: id, words: standbyWords.broughtNext });
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
    const before = it.ready;
    const asked = { kind: "asked" } as const;
    Object.assign(it, { doing: asked, ready: null, words: standbyWords.asked });
    let found: CheckpointId | null = null;
    let sure = true;
    try {
      for (const { id } of checkpoints) {
        if (found !== null) break;
        const there = await this.#looking.run(lookedForAtOnce, vm.priority, () => this.#ask.where(vm, id, it.host));
        sure &&= there.sure;
        if (there.host !== undefined) found = id;
      }
    } catch (error) {
      sure = false;
      this.#env.log.warn(`it could not be asked whether the replica of ${vm.name} is there`, { error: String(error) });
    }
    if (it.doing !== asked) return; // it was brought to a newer one meanwhile, or gives way
    if (found === null && !sure) {
      it.doing = { kind: "doubted" }; // its host has not answered: that does not say that it is gone
      return;
    }
    const words = found === null ? standbyWords.gone : standbyWords.broughtNext;
    Object.assign(it, { doing: { kind: "stands" }, ready: found, words });
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
    if (it.doing.kind === "brought" || it.doing.kind === "waits") {
      it.doing = { ...it.doing, next: checkpoint };
      return;
    }
    if (it.doing.kind === "doubted") it.ready = null;
    Object.assign(it, { doing: { kind: "waits", next: checkpoint }, words: standbyWords.waits });
    const bring = () => this.#bring(vm, it, told, damaged);
    while (await this.#refreshing.run(refreshedAtOnce, vm.priority, bring));
  }

  /** Nobody wants it any more, or it cannot stay where it is. `runsOn`: the VM's own host, which may be where it stood by. */
  async forget(vm: VmId, runsOn: HostId | undefined): Promise<void> {
    this.#none.delete(vm);
    this.#looked.delete(vm);
    this.#looks.delete(vm);
    const it = this.#known.get(vm);
    if (it === undefined || this.#isWritten(it)) return;
    this.#known.delete(vm);
    if (it.host === runsOn) return; // the VM may run from it
    const { checkpoints, log } = this.#env;
    await checkpoints
      .dropStandby(it.host, it)
      .catch((error: unknown) => log.warn("a replica could not be dropped", { error: String(error) }));
  }

  /** Something is written to it, or it is about to go by itself. */
  #isWritten = ({ doing }: Standby): boolean =>
    doing.kind === "brought" || (doing.kind === "gives-way" && doing.gone === undefined);

  /** The VMs that have one, or would have one. */
  vms = (): Iterable<VmId> => new Set([...this.#known.keys(), ...this.#none.keys(), ...this.#looks.keys()]);

  /** Also those that give way: until one is dropped its memory is taken. */
  replicas = (): readonly Replica[] =>
    [...this.#known].map(([vmId, { host, memoryMiB }]) => ({ vmId, hostId: host, memoryMiB }));

  async giveWay(vm: VmId): Promise<void> {
    const it = this.#known.get(vm);
    if (it === undefined) return;
    const isWritten = this.#isWritten(it);
    Object.assign(it, { ready: null, words: standbyWords.gaveWay });
    if (isWritten) it.doing = { kind: "gives-way", gone: undefined };
    else await this.#drop(vm, it);
  }

  /** Once for all who wait for it. One that cannot be dropped now is found in the way again. */
  #drop(vm: VmId, it: Standby): Promise<void> {
    const gone = (it.doing.kind === "gives-way" ? it.doing.gone : undefined) ?? this.#dropNow(vm, it);
    it.doing = { kind: "gives-way", gone };
    return gone;
  }

  async #dropNow(vm: VmId, it: Standby): Promise<void> {
    const { clock, checkpoints, log } = this.#env;
    const dropping = checkpoints.dropStandby(it.host, it).then(() => true);
    const gone = await within(clock, dropWithinMs, dropping, false).catch((error: unknown) => {
      log.warn("a replica could not be dropped", { error: String(error) });
      return false;
    });
    it.doing = { kind: "stands" };
    if (!gone || this.#known.get(vm) !== it) return;
    this.#known.delete(vm);
    this.#none.set(vm, standbyWords.gaveWay);
  }

  /** It stays where it is while it can; else it goes where the VM itself would be started if its host were lost now. */
  #place(vm: Vm, inventory: Inventory): Standby | undefined {
    this.#lookedFor(vm.id);
    const known = this.#known.get(vm.id);
    if (known?.doing.kind === "gives-way") return undefined;
    const host = inventory.hosts.find((it: Host) => it.id === known?.host);
    if (known !== undefined && host !== undefined && host.id !== vm.hostId && mayCarry(host)) return known;
    if (known?.doing.kind === "brought") return known;
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

  /**
   * Its turn has come, for its newest checkpoint. True: a newer one came meanwhile, for which it waits its turn again, or the few that are saved
   * faster than they can be brought would never let others in. Rejects never: whatever fails, nothing is written to it any more.
   */
  async #bring(vm: Vm, it: Standby, told: () => Promise<void>, damaged: () => void): Promise<boolean> {
    const { doing } = it;
    if (doing.kind !== "waits" || this.#known.get(vm.id) !== it) return false;
    it.doing = { kind: "brought", next: undefined };
    it.words = it.ready === null ? standbyWords.made : standbyWords.brought;
    try {
      await this.#brought(vm.id, it, (await this.#bringTo(vm, it, doing.next, damaged)) ? doing.next : null);
      await told();
    } catch (error) {
      this.#env.log.warn(`what the replica of ${vm.name} has come to could not be shown`, { error: String(error) });
    }
    return this.#waits(it);
  }

  #waits = ({ doing }: Standby): boolean => doing.kind === "waits";

  /** Nothing is written to it any more. */
  async #brought(id: VmId, it: Standby, ready: CheckpointId | null): Promise<void> {
    const { doing } = it;
    if (doing.kind === "gives-way" && doing.gone === undefined) await this.#drop(id, it);
    if (doing.kind !== "brought") return;
    const { next } = doing;
    it.doing = next === undefined ? { kind: "stands" } : { kind: "waits", next };
    it.ready = ready;
    it.words = ready === null ? standbyWords.failed : next === undefined ? standbyWords.brought : standbyWords.waits;
  }

  /** Whether it holds it now. Rejects never. */
  async #bringTo(vm: Vm, it: Standby, checkpoint: CheckpointId, damaged: () => void): Promise<boolean> {
    try {
      return await this.#write(vm.id, it, checkpoint, damaged);
    } catch (error) {
      this.#env.log.warn(`the replica of ${vm.name} could not be refreshed`, { error: String(error) });
      return false;
    }
  }

  async #write(id: VmId, it: Standby, checkpoint: CheckpointId, damaged: () => void): Promise<boolean> {
    const { clock, checkpoints, hypervisor, store } = this.#env;
    const vm = await store.vm(id); // it may have been moved while its replica waited
    if (vm === undefined || vm.hostId === it.host) return false;
    const work = async () => {
      const { xml: definition } = await hypervisor.readDefinition(vm.hostId, vm.uuid);
      await checkpoints.refreshStandby(it.host, { checkpoint, vm, definition, generation: vm.generation });
      return true;
    };
    try {
      return await within(clock, refreshWithinMs, whileRead(this.#env, checkpoint, work), false);
    } catch (error) {
      if (error instanceof CheckpointDamaged) {
        await tellDamaged(this.#env, vm, checkpoint, error.message);
        damaged();
      }
      throw error;
    }
  }
}
