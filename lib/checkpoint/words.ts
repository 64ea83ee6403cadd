/**
 * The words that this room's parts share: the agent on a host, the store of bytes, and the engine's side between them.
 * A checkpoint is a set of volumes, each an array of 4 KiB pages: memory blocks, the devices' state, disks.
 */
export const pageBytes = 4096;

export type VolumeKind = "memory" | "devices" | "disk";
export interface Volume {
  /** "memory/pc.ram", "devices", "disk/vda": unique in a checkpoint, and the same in the next one of the same VM. */
  readonly name: string;
  readonly kind: VolumeKind;
  readonly sizeBytes: number;
}

/** What a checkpoint is besides its pages. All of it is in the manifest. */
export interface CaptureFacts {
  readonly checkpoint: string;
  readonly vm: string;
  readonly vmUuid: string;
  /** Whose keys it is encrypted with, and within whom equal pages are stored once; null: the provider's. */
  readonly organization: string | null;
  /** The checkpoint whose pages hold where this one sends none; null: pages that are not sent are zero. */
  readonly base: string | null;
  readonly method: string;
  /** libvirt's XML of the running domain, migratable, with secrets. */
  readonly domainXml: string;
  /** Bytes of QEMU's stream before its memory section (magic, version, configuration), base64. null for disk-only. */
  readonly streamHead: string | null;
  /** Bytes of the domain's own save format that follow, where the method gives one: libvirt's cookie. */
  readonly cookie: string | null;
  /** `disk/vda` → how its file was found: path, format, target. */
  readonly disks: readonly {
    readonly volume: string;
    readonly target: string;
    readonly path: string;
    readonly format: string;
  }[];
}

/** Pages of one volume. `numbers` ascending; `data` holds, in order, those that are not in `zero`. */
export interface PageBatch {
  readonly volume: string;
  readonly numbers: Uint32Array;
  /** 1 where the page is all zero and has no bytes in `data`. As long as `numbers`. */
  readonly zero: Uint8Array;
  readonly data: Uint8Array;
}

/** What is known only at the end. */
export interface CaptureEnd {
  readonly at: number;
  readonly pauseMs: number;
  readonly tookMs: number;
  readonly changedBytes: number;
  readonly words: string;
}

/** A capture as it comes from the host: facts and volumes first, then pages, then the end. No end: it was cut short. */
export type CaptureFrame =
  | { readonly kind: "facts"; readonly facts: CaptureFacts; readonly volumes: readonly Volume[] }
  | { readonly kind: "pages"; readonly batch: PageBatch }
  /** Sizes that became known later (a device state's), before any page of that volume. */
  | { readonly kind: "volume"; readonly volume: Volume }
  | { readonly kind: "end"; readonly end: CaptureEnd };

export interface StoredCheckpoint {
  readonly facts: CaptureFacts;
  readonly volumes: readonly Volume[];
  readonly end: CaptureEnd;
  readonly wholeBytes: number;
  /** New in the store because of it, as on disk: pages, index and manifest, compressed. */
  readonly storedBytes: number;
  /** The same before compression. */
  readonly storedRawBytes: number;
  /** What is known to be wrong with it: it needs bytes that do not have their checksum. null: nothing, as far as it was read. */
  readonly damaged: string | null;
}

/** No room left on the store's file system, or more than it may use. */
export class StoreFull extends Error {
  override readonly name = "StoreFull";
}
/** Missing, or its checksum does not match. */
export class DamagedData extends Error {
  override readonly name = "DamagedData";
}

/** Something of the store cannot be read but may be well: its disk or its key is away. Nothing is freed, and nothing is forgotten because of it. */
export class NotSure extends Error {
  override readonly name = "NotSure";
}

/** Which store it is, and what it knows of its own. */
export interface StoreStanding {
  /** It stays with the bytes, wherever they are mounted: a store that was made anew in an empty directory is another one. */
  readonly store: string;
  /** Checkpoints of which it is not sure: see `NotSure`. */
  readonly unsure: readonly string[];
  /** Those that are there and were found damaged. */
  readonly damaged: readonly { readonly checkpoint: string; readonly vm: string }[];
}

/** The store of bytes. In this process, or in one of its own (`--role store`): the same interface. */
export interface ByteStore {
  /** Whole, on disk and in the list when it resolves; nothing of it stays when it rejects. A checkpoint that is there already is given back. */
  put(frames: AsyncIterable<CaptureFrame>): Promise<StoredCheckpoint>;
  /** In the order in which they came, newest first: clocks are set, so no time says which is the newer one. */
  list(vm: string): Promise<readonly StoredCheckpoint[]>;
  /** `NotSure` where it is there and cannot be read now. */
  get(checkpoint: string): Promise<StoredCheckpoint | undefined>;
  /** Whether a new checkpoint of this organization may build on it: it is there, whole, and kept by the key that the new one would be. */
  bears(checkpoint: string, organization: string | null): Promise<boolean>;
  /** Every non-zero page of the volume, ascending, each compared with its checksum (`DamagedData`). `since`: only what differs from that checkpoint, zero pages named. */
  read(checkpoint: string, volume: string, since?: string): AsyncIterable<PageBatch>;
  /** `NotSure` where it is there and cannot be read now. */
  verify(checkpoint: string): Promise<boolean>;
  drop(checkpoints: readonly string[]): Promise<void>;
  /** Frees what nothing needs any more. */
  collect(): Promise<{ readonly freedBytes: number }>;
  stats(): Promise<{ readonly usedBytes: number; readonly freeBytes: number; readonly checkpoints: number }>;
  standing(): Promise<StoreStanding>;
  close(): Promise<void>;
}
