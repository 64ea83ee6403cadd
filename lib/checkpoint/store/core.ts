import type { Damage } from "./damage.ts";
import type { Keyring } from "./domain.ts";
import type { Manifest, Manifests } from "./manifests.ts";
import type { Marks } from "./marks.ts";
import type { Numbers } from "./numbers.ts";
import type { PageTable } from "./page-table.ts";
import type { Room } from "./room.ts";
import type { Segments } from "./segments.ts";

/** What a put that is under way needs of the store. */
export interface Underway {
  readonly parent: Manifest | undefined;
  /** The stored pages that it refers to so far. */
  readonly marks: Marks;
}

/** The parts of an open store, as its operations share them. */
export interface Core {
  readonly room: Room;
  readonly keyring: Keyring;
  readonly numbers: Numbers;
  readonly segments: Segments;
  readonly manifests: Manifests;
  readonly table: PageTable;
  readonly damage: Damage;
  readonly puts: Set<Underway>;
  /** Pages that readers are on the way to. */
  readonly readers: Set<Marks>;
  /** While garbage is looked for: what is needed. Who takes a reference meanwhile adds it. */
  needed: Marks | undefined;
  /** Resolved when the pages that are there are known, and may be referred to. */
  readonly ready: Promise<void>;
}
