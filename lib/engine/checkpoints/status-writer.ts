import { type StatusQuestion, statusOf } from "../../decide/index.ts";
import type { Host, HostId, Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { damagedSince } from "./in-hand.ts";
import type { Memories } from "./memory.ts";
import type { Standbys } from "./standbys.ts";

const rowsHoldMs = 60_000;

/** Writes how each VM's protection by checkpoints stands, where it differs from what was written. */
export class StatusWriter {
  readonly #env: Env;
  readonly #memories: Memories;
  readonly #standbys: Standbys;

  constructor(env: Env, memories: Memories, standbys: Standbys) {
    this.#env = env;
    this.#memories = memories;
    this.#standbys = standbys;
  }

  async write(
    vm: Vm,
    asked: Pick<StatusQuestion, "everyMs" | "leastEveryMs" | "obstacle" | "storeFull" | "groupRefusal">,
    hosts: ReadonlyMap<HostId, Host>,
  ): Promise<void> {
    const { store, clock } = this.#env;
    const memory = this.#memories.of(vm.id);
    const nowMs = clock.monotonicMs();
    const damaged = damagedSince(this.#env).delete(vm.id);
    if (damaged) memory.baseless = true; // what the next one would compare with may be what is damaged
    if (damaged || memory.rows === undefined || nowMs >= memory.rowsAtMs + rowsHoldMs) {
      memory.rows = await this.#env.store.checkpointsOf(vm.id);
      memory.rowsAtMs = nowMs;
    }
    const checkpoints = memory.rows;
    const { offer, lastFailure, unbroken } = memory;
    if (asked.everyMs !== null) this.#standbys.look(vm, checkpoints, hosts);
    const standby = asked.everyMs === null ? null : this.#standbys.stateOf(vm, checkpoints, hosts);
    const known = { offer, lastFailure, unbroken, standby, sinceMs: nowMs - memory.sinceMs };
    const now = statusOf({ ...asked, ...known, vm, checkpoints, now: clock.now() });
    const holds = asked.everyMs !== null && now.trouble === null && vm.state === "running";
    const status = holds ? { ...now, trouble: memory.recalled } : now;
    if (JSON.stringify(status) === JSON.stringify(memory.written)) return;
    await store.recordCheckpointStatus(status, clock.now());
    memory.written = status;
  }
}
