import { type Placement, placeVms } from "../../decide/index.ts";
import type { HostId, Vm, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { withPromised } from "../provision/promised.ts";
import { makeRoom, replicasOf } from "./places-replicas.ts";
import { PriorityGate } from "./priority-gate.ts";

/** A repair that does not come in time must not keep the others. */
const higherComeWithinMs = 2_000;
const comingForMs = 30_000;

/**
 * Where lost VMs are going, for this life of the engine: the places that an evacuation found for all its VMs together, and how many are
 * being started on each host. Without a place that was found before, one is found for the VM alone.
 */
export class Places {
  readonly #env: Env;
  readonly #reserved = new Map<VmId, HostId>();
  /** Lost VMs that have a place and did not come to be started yet, by the host where it is: the more important ones are waited for. */
  readonly #coming = new Map<HostId, Map<VmId, { readonly priority: number; readonly untilMs: number }>>();
  readonly #starting = new Map<HostId, PriorityGate>();
  #came = new AbortController();

  constructor(env: Env) {
    this.#env = env;
  }

  reserve(vm: Pick<Vm, "id" | "priority">, host: HostId): void {
    this.#reserved.set(vm.id, host);
    const one = { priority: vm.priority, untilMs: this.#env.clock.monotonicMs() + comingForMs };
    this.#coming.set(host, (this.#coming.get(host) ?? new Map()).set(vm.id, one));
  }

  async placeAll(lost: readonly Vm[], exclude: ReadonlySet<HostId>): Promise<ReadonlyMap<VmId, Placement>> {
    const { store } = this.#env;
    const [policy, hosts, vms, open] = await Promise.all([
      ...([store.policy(), store.hosts(), store.allVms(), store.openAllocations()] as const),
    ]);
    // Room that was promised and not taken yet counts as taken: to VMs that come back, and to VMs that are being made.
    const all = withPromised(vms, open, new Set(lost.map((vm) => vm.uuid)));
    const as = all.map((vm) => {
      const there = this.promised(vm);
      return exclude.has(there.hostId) ? vm : there;
    });
    return placeVms({ policy, hosts, vms: as, replicas: replicasOf(this.#env) }, lost, exclude);
  }

  /** The VM where it is being taken; where it is, if nobody takes it anywhere. */
  promised(vm: Vm): Vm {
    const host = this.#reserved.get(vm.id);
    return host === undefined ? vm : { ...vm, hostId: host };
  }

  /** This host alone, where it has room for the VM: its replica stands by there, disk and all. */
  async placeAt(vm: Vm, host: HostId): Promise<HostId | undefined> {
    const others = (await this.#env.store.hosts()).filter((it) => it.id !== host).map((it) => it.id);
    const place = (await this.placeAll([{ ...vm, diskPaths: [] }], new Set(others))).get(vm.id);
    return place !== undefined && "host" in place ? place.host : undefined;
  }

  /** `diskComesAlong`: rather a host that sees its disk, but any other does that sees these files. */
  async placeOne(
    vm: Vm,
    exclude: ReadonlySet<HostId>,
    diskComesAlong = false,
    files: readonly string[] = [],
  ): Promise<Placement> {
    const promised = this.#reserved.get(vm.id);
    if (promised !== undefined && !exclude.has(promised)) {
      const host = await this.#env.store.host(promised);
      if (host?.standing === "in-use" && host.state === "up" && host.health === "green") return { host: promised };
    }
    this.#reserved.delete(vm.id);
    const own = (await this.placeAll([{ ...vm, diskPaths: [...vm.diskPaths, ...files] }], exclude)).get(vm.id);
    const refused = own === undefined || "refusal" in own;
    const place =
      refused && diskComesAlong ? (await this.placeAll([{ ...vm, diskPaths: files }], exclude)).get(vm.id) : own;
    if (place !== undefined && "host" in place) this.#reserved.set(vm.id, place.host);
    return place ?? { refusal: "No place was found for it.", detail: "" };
  }

  /** It is there, or it is given up. */
  settled(vm: VmId): void {
    this.#reserved.delete(vm);
    this.#arrived(vm);
  }

  /** Replicas for which there is no room there beside it give way first. At most `most` at a time start on one host, those of the highest priority first: whoever is on the way is waited for, a moment. */
  async starting<T>(on: HostId, vm: Pick<Vm, "id" | "priority">, most: number, work: () => Promise<T>): Promise<T> {
    this.#arrived(vm.id);
    const { clock } = this.#env;
    const untilMs = clock.monotonicMs() + higherComeWithinMs;
    while (this.#higherComes(on, vm.priority) && clock.monotonicMs() < untilMs)
      await clock.sleep(untilMs - clock.monotonicMs(), this.#came.signal).catch(() => undefined);
    const gate = this.#starting.get(on) ?? new PriorityGate();
    this.#starting.set(on, gate);
    return gate.run(most, vm.priority, async () => {
      await makeRoom(this.#env, (it) => this.promised(it), on);
      return work();
    });
  }

  #higherComes(on: HostId, than: number): boolean {
    const now = this.#env.clock.monotonicMs();
    for (const it of this.#coming.get(on)?.values() ?? []) if (it.priority > than && now < it.untilMs) return true;
    return false;
  }

  #arrived(vm: VmId): void {
    for (const [host, coming] of this.#coming) {
      if (!coming.delete(vm)) continue;
      if (coming.size === 0) this.#coming.delete(host);
      this.#came.abort();
      this.#came = new AbortController();
    }
  }
}
