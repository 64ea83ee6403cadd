import { newestValid } from "../../decide/index.ts";
import type { CheckpointId, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { tellDamaged } from "../repair/restore/candidates.ts";
import { perhapsWell } from "./in-hand.ts";
import { standingOf } from "./keep-few.ts";

const words = "The store read it, and bytes of it do not have their checksum.";

/**
 * The store reads all that it holds now and then, older states and kept ones too. What it finds damaged is shown so from then on, and is not
 * found out at the failure. What it takes back is read anew.
 */
export class FoundDamaged {
  readonly #env: Env;
  /** What is written down already: the store names them as long as it has them. */
  #told: ReadonlyMap<CheckpointId, VmId> = new Map();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Gives the VMs whose newest one it is: they are saved anew at once. */
  async tell(): Promise<readonly VmId[]> {
    const standing = await standingOf(this.#env);
    if (standing === undefined) return [];
    const news = Map.groupBy(
      standing.damaged.filter(({ id }) => !this.#told.has(id)),
      ({ vmId }) => vmId,
    );
    const newest: VmId[] = [];
    for (const [vmId, found] of news)
      if (await this.#tellOf(vmId, new Set(found.map(({ id }) => id)))) newest.push(vmId);
    const told = new Map(standing.damaged.map(({ id, vmId }) => [id, vmId]));
    for (const [id, vmId] of this.#told) if (!told.has(id)) perhapsWell(this.#env).add(vmId);
    this.#told = told;
    return newest;
  }

  async #tellOf(vmId: VmId, damaged: ReadonlySet<CheckpointId>): Promise<boolean> {
    const { store } = this.#env;
    const vm = await store.vm(vmId);
    if (vm === undefined) return false;
    const rows = await store.checkpointsOf(vmId);
    const newest = newestValid(rows);
    for (const { id, state } of rows)
      if (state === "valid" && damaged.has(id)) await tellDamaged(this.#env, vm, id, words);
    return newest !== undefined && damaged.has(newest.id);
  }
}
