import type { PageTable } from "./page-table.ts";

/** All tables of one checkpoint, by volume. */
export type CheckpointTables = ReadonlyMap<string, PageTable>;

/** Beyond this the tables of the VMs that were captured longest ago are forgotten: their next capture sends all of it. */
const mostBytes = 512 * 1024 * 1024;

/** Tables of the last two checkpoints of each VM: which of them is whole in the store is known only when the next is asked for. */
export class Tables {
  readonly #vms = new Map<string, readonly { readonly checkpoint: string; readonly tables: CheckpointTables }[]>();

  of(uuid: string, checkpoint: string | null): CheckpointTables | undefined {
    return this.#vms.get(uuid)?.find((kept) => kept.checkpoint === checkpoint)?.tables;
  }

  /** `base`: the checkpoint that it was told from; all others of this VM are forgotten. */
  keep(uuid: string, base: string | null, checkpoint: string, tables: CheckpointTables): void {
    const older = (this.#vms.get(uuid) ?? []).filter((kept) => kept.checkpoint === base && base !== checkpoint);
    this.#vms.delete(uuid);
    this.#vms.set(uuid, [...older, { checkpoint, tables }]);
    let bytes = 0;
    for (const [vm, kept] of [...this.#vms].reverse()) {
      for (const { tables } of kept) for (const table of tables.values()) bytes += table.bytes;
      if (bytes > mostBytes) this.#vms.delete(vm);
    }
  }

  forget(uuid: string): void {
    this.#vms.delete(uuid);
  }
}
