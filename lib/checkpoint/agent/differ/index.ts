export { type HashSeed, newSeed, pageHash } from "./hash.ts";
export type { HashPage, PageTable } from "./page-table.ts";
export { type CheckpointTables, Tables } from "./tables.ts";
export { type BaseKnown, VolumeDiffer } from "./volume-differ.ts";
