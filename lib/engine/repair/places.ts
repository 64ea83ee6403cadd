import { type Placement, placeVms } from "../../decide/index.ts";
import type { HostId, Vm, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { PriorityGate } from "./priority-gate.ts";

/**
 * Where lost VMs are going, for this life of the engine: the places that an evacuation found for all its VMs together, and how many are
 * being started on each host. Without a place that was found before, one is found for the VM alone.
 */
export class Places {
  readonly #env: Env;
  readonly #reserved = new Map<VmId, HostId>();
  readonly #starting = new Map<HostId, PriorityGate>();

  constructor(env: Env) {
    this.#env = env;
  }

  reserve(vm: VmId, host: HostId): void {
    this.#reserved.set(vm, host);
  }

  async placeAll(lost: readonly Vm[], exclude: ReadonlySet<HostId>): Promise<ReadonlyMap<VmId, Placement>> {
    const { store } = this.#env;
    const [policy, hosts, vms] = await Promise.all([store.policy(), store.hosts(), store.allVms()]);
    // Room that was promised to a VM and not taken yet counts as taken.
    const as = vms.map((vm) => {
      const promised = this.#reserved.get(vm.id);
      return promised === undefined || exclude.has(promised) ? vm : { ...vm, hostId: promised };
    });
    return placeVms({ policy, hosts, vms: as }, lost, exclude);
  }

  async placeOne(vm: Vm, exclude: ReadonlySet<HostId>): Promise<Placement> {
    const promised = this.#reserved.get(vm.id);
    if (promised !== undefined && !exclude.has(promised)) {
      const host = await this.#env.store.host(promised);
      if (host?.standing === "in-use" && host.state === "up" && host.health === "green") return { host: promised };
    }
    this.#reserved.delete(vm.id);
    const place = (await this.placeAll([vm], exclude)).get(vm.id);
    if (place !== undefined && "host" in place) this.#reserved.set(vm.id, place.host);
    return place ?? { refusal: "No place was found for it.", detail: "" };
  }

  /** It is there, or it is given up. */
  settled(vm: VmId): void {
    this.#reserved.delete(vm);
  }

  /** At most `most` at a time start on one host. */
  starting<T>(on: HostId, priority: number, most: number, work: () => Promise<T>): Promise<T> {
    const gate = this.#starting.get(on) ?? new PriorityGate();
    this.#starting.set(on, gate);
    return gate.run(most, priority, work);
  }
}
