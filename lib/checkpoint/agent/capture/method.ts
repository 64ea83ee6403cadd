import type { RequestOf } from "../../wire/index.ts";
import type { CaptureFacts, Volume } from "../../words.ts";
import type { Monitor } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";
import type { LiveDisk } from "./disks.ts";
import type { Differ } from "./memory.ts";
import type { Copier } from "./shared/copier.ts";

export type CaptureAsked = Omit<RequestOf<"capture">, "kind">;

/** What a method has to work with. */
export interface CaptureContext {
  readonly asked: CaptureAsked;
  /** The base that is really used: null where what it held is not known here any more. */
  readonly base: string | null;
  readonly monitor: Monitor;
  readonly files: WorkFiles;
  readonly disks: readonly LiveDisk[];
  readonly differ: Differ;
  readonly copier: Copier;
  /** Aborted when the capture is called off, and by the dead-man. */
  readonly signal: AbortSignal;
  /** Gives the capture up. */
  readonly abort: (reason: unknown) => void;
  /** To be told once, before any page. */
  readonly begin: (known: Pick<CaptureFacts, "streamHead" | "cookie">, volumes: readonly Volume[]) => void;
  readonly volume: (volume: Volume) => void;
  /** How far the copies of disks are: may take hours, in which nothing else is said. */
  readonly progress: (bytesDone: number, bytesTotal: number) => void;
  /** To be waited for before more is given to the differ, where there is something. Never rejects. */
  readonly behind: () => Promise<void> | undefined;
}

/** A capture in its parts. What one throws ends it; `sweep` takes away what is left. */
export interface Capturing {
  /** The guest stands still from here on. */
  hold(): Promise<void>;
  /** Resolves when the guest runs again. */
  go(): Promise<{ readonly at: number; readonly pauseMs: number }>;
  /** Resolves, with words, when all of it was given to the differ. */
  finish(): Promise<string>;
  /** The engine has all of it, and the next capture may be compared with it. */
  keep?(): void;
  /** Lets the guest go and ends what is going on, as far as the method knows better than the sweep. Never rejects. */
  release(): Promise<void>;
}

/** Makes everything ready while the guest runs. */
export type CaptureWay = (context: CaptureContext) => Promise<Capturing>;
