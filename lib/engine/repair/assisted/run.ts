import type { RepairId } from "../../../model/index.ts";
import type { EngineOptions, Env } from "../../env.ts";
import type { Steps } from "../../ports.ts";
import type { Elsewhere } from "../elsewhere.ts";
import type { OwnDisk } from "../restore/own-disk.ts";
import type { RestoreHelp } from "../restore/restore-checkpoint.ts";

/** What a repair together needs of the engine around it. */
export interface TogetherHelp extends RestoreHelp {
  /** Only a few VMs are worked on at a time; one that waits for its owner is not among them. */
  acting<T>(repair: RepairId, work: () => Promise<T>): Promise<T>;
}

/** One run of one such repair. */
export interface Run {
  readonly env: Env;
  readonly options: EngineOptions;
  readonly help: TogetherHelp;
  readonly repair: RepairId;
  readonly steps: Steps;
}

/** How the provider's part ended. */
export type Back =
  | { readonly kind: "up"; readonly from: "image" | "own-disk" | "checkpoint"; readonly own: OwnDisk | null }
  /** It was well again by itself, or by somebody's hand. */
  | { readonly kind: "not-needed"; readonly words: string }
  /** Somebody switched it off meanwhile: a wish. */
  | { readonly kind: "left-off"; readonly words: string }
  /** `own`: it may run from a new disk, and this is what it was made of before. */
  | { readonly kind: "failed"; readonly words: string; readonly own: OwnDisk | null }
  /** Its old copy may still run: nothing more is started anywhere, not even what was agreed for a part that fails. */
  | { readonly kind: "locked"; readonly words: string };

/** How a start elsewhere ended that did not come up. */
export const notElsewhere = (end: Exclude<Elsewhere, { readonly kind: "answers" }>, own: OwnDisk | null): Back => {
  if (end.kind === "not-needed") return end;
  return end.locked ? { kind: "locked", words: end.words } : { kind: "failed", words: end.words, own };
};
