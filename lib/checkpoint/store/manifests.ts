import { rename, stat } from "node:fs/promises";
import path from "node:path";
import { DamagedData, NotSure, pageBytes, type StoredCheckpoint } from "../words.ts";
import type { Domain, Keyring } from "./domain.ts";
import { namesWithoutTemporaries, syncDirectory, unlinkIfThere, writeWhole } from "./files.ts";
import { Lru } from "./lru.ts";
import {
  encodeManifest,
  type ManifestHead,
  type ReadManifest,
  readHead,
  readIndexes,
  type VolumeIndexes,
} from "./manifest-format.ts";
import { emptyIndex, overlay, type PageIndex, sizeOf } from "./page-index.ts";
import type { Room } from "./room.ts";

/** One file: a checkpoint that is there, or one that was dropped while others need its index. */
export interface Manifest {
  readonly serial: number;
  readonly checkpoint: string;
  dropped: boolean;
  readonly bytes: number;
  /** undefined: unreadable. */
  read: ReadManifest | undefined;
  /** Known to be wrong with it, in words. */
  damaged: string | null;
  /** It may be well: its key or its disk is away. While there is such a one, nothing is freed and nobody takes it for lost. Read again now and then. */
  unsure: boolean;
}

/** Checkpoints become names of files, so only what cannot leave the directory. */
export const isCheckpointName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(text);
const pattern = /^([A-Za-z0-9][A-Za-z0-9_-]{0,99})\.([0-9a-f]{8})\.(ckp|gone)$/;

const newCache = () => new Lru<number, VolumeIndexes>(96 * 1024 * 1024);

export class Manifests {
  private readonly all = new Map<number, Manifest>();
  private readonly byCheckpoint = new Map<string, Manifest>();
  private resolved = newCache();
  private readonly directory: string;
  private readonly keyring: Keyring;
  private readonly room: Room;

  private constructor(directory: string, room: Room, keyring: Keyring) {
    this.directory = directory;
    this.room = room;
    this.keyring = keyring;
  }

  /** `onUnreadable` is told of files that are there and cannot be read: damaged, without their key, or by the disk's fault. */
  static async open(
    directory: string,
    room: Room,
    keyring: Keyring,
    onUnreadable: (checkpoint: string, error: unknown) => void,
  ): Promise<Manifests> {
    const manifests = new Manifests(directory, room, keyring);
    for (const name of await namesWithoutTemporaries(directory)) {
      const [, checkpoint, serial, kind] = pattern.exec(name) ?? [];
      if (!checkpoint || !serial) continue;
      const file = path.join(directory, name);
      const { size } = await stat(file);
      let unsure = false;
      const read = await readHead(file, manifests.domainOf).catch((error: unknown) => {
        unsure = !(error instanceof DamagedData);
        onUnreadable(checkpoint, error);
        return undefined;
      });
      const number = Number.parseInt(serial, 16);
      manifests.register({
        serial: number,
        checkpoint,
        dropped: kind === "gone",
        bytes: size,
        read,
        damaged: read ? null : "Its manifest cannot be read.",
        unsure,
      });
      room.count(size);
    }
    return manifests;
  }

  private readonly domainOf = (tag: Buffer): Promise<Domain> => this.keyring.byTag(tag);

  private register(manifest: Manifest): void {
    this.all.set(manifest.serial, manifest);
    if (!manifest.dropped) this.byCheckpoint.set(manifest.checkpoint, manifest);
  }

  private file({ checkpoint, serial, dropped }: Pick<Manifest, "checkpoint" | "serial" | "dropped">): string {
    return path.join(
      this.directory,
      `${checkpoint}.${serial.toString(16).padStart(8, "0")}.${dropped ? "gone" : "ckp"}`,
    );
  }

  get highest(): number {
    let highest = 0;
    for (const { serial } of this.all.values()) highest = Math.max(highest, serial);
    return highest;
  }

  every(): readonly Manifest[] {
    return [...this.all.values()];
  }

  /** Those that can be read and were not dropped. */
  live(): readonly Manifest[] {
    return [...this.byCheckpoint.values()].filter(({ read }) => read !== undefined);
  }

  /** Also dropped ones: others may build on them. */
  unsure(): readonly Manifest[] {
    const all = this.every();
    return all.some((one) => one.unsure) ? all.filter((one) => this.isUnsure(one)) : [];
  }

  /** It, or one that it builds on, cannot be read now and may be well. */
  isUnsure(manifest: Manifest): boolean {
    for (let at: Manifest | undefined = manifest; at; ) {
      if (at.unsure) return true;
      const parent: number | null = at.read?.head.parent ?? null;
      at = parent === null ? undefined : this.all.get(parent);
    }
    return false;
  }

  /** The last one that it builds on, or itself, that cannot be read now. */
  unsureOf(checkpoint: string): Manifest | undefined {
    let last: Manifest | undefined;
    for (let at = this.byCheckpoint.get(checkpoint); at; ) {
      if (at.unsure) last = at;
      const parent: number | null = at.read?.head.parent ?? null;
      at = parent === null ? undefined : this.all.get(parent);
    }
    return last;
  }

  /** Reads the head of one that is unsure again. It is unsure still, until its index was read too. */
  async readAgain(manifest: Manifest): Promise<void> {
    try {
      manifest.read ??= await readHead(this.file(manifest), this.domainOf);
      if (manifest.dropped) manifest.unsure = false; // those that build on it are unsure themselves
    } catch (error) {
      if (error instanceof DamagedData) manifest.unsure = false;
    }
  }

  get(checkpoint: string): Manifest | undefined {
    const manifest = this.byCheckpoint.get(checkpoint);
    return manifest?.read && manifest;
  }

  /** `NotSure` where it is there, and cannot be read now. */
  getSurely(checkpoint: string): Manifest | undefined {
    const manifest = this.byCheckpoint.get(checkpoint);
    if (manifest && this.isUnsure(manifest))
      throw new NotSure(`The manifest of ${checkpoint} cannot be read now: its key or its disk is away.`);
    return manifest?.read && manifest;
  }

  /** From the checkpoint itself to the one that has no parent. `DamagedData` where one is missing or unreadable; `NotSure`. */
  chain(manifest: Manifest): readonly Manifest[] {
    const chain: Manifest[] = [];
    for (let at: Manifest | undefined = manifest; ; ) {
      if (!at?.read) {
        const words = `The manifest of ${manifest.checkpoint} builds on one that cannot be read.`;
        throw at?.unsure ? new NotSure(words) : new DamagedData(words);
      }
      chain.push(at);
      const { parent }: ManifestHead = at.read.head;
      if (parent === null) return chain;
      at = this.all.get(parent);
    }
  }

  /** Where every non-zero page of every volume is. */
  async resolve(manifest: Manifest): Promise<VolumeIndexes> {
    const pending: Manifest[] = [];
    let indexes: VolumeIndexes = new Map();
    for (const one of this.chain(manifest)) {
      const known = this.resolved.get(one.serial);
      if (known) {
        indexes = known;
        break;
      }
      pending.push(one);
    }
    for (const one of pending.reverse()) {
      if (!one.read) throw new DamagedData("unreachable: chain gives only readable ones");
      indexes = applied(
        indexes,
        await readIndexes(this.file(one), one.read.head, this.domainOf),
        one.read.head.volumes,
      );
    }
    let size = 1024;
    for (const index of indexes.values()) size += sizeOf(index);
    this.resolved.set(manifest.serial, indexes, size);
    return indexes;
  }

  /**
   * Indexes that together with those of the other checkpoints name every page that this one needs: its own entries where its parent is a
   * checkpoint that is there, whose pages are needed anyway; else all.
   */
  async contributed(manifest: Manifest): Promise<VolumeIndexes> {
    const parent = this.all.get(manifest.read?.head.parent ?? -1);
    if (!manifest.read || !parent?.read || parent.dropped || manifest.dropped) return this.resolve(manifest);
    return readIndexes(this.file(manifest), manifest.read.head, this.domainOf);
  }

  /** Writes a checkpoint: it is there, whole and on disk, when this resolves. */
  async add(head: Omit<ManifestHead, "index">, indexes: VolumeIndexes, domain: Domain): Promise<Manifest> {
    const encoded = await encodeManifest(head, indexes, domain);
    await this.room.take(encoded.bytes, 0);
    const { checkpoint } = head.facts;
    const file = this.file({ checkpoint, serial: head.serial, dropped: false });
    try {
      await writeWhole(file, encoded.parts);
    } catch (error) {
      await unlinkIfThere(file); // its name may be there and not be on disk
      this.room.count(-encoded.bytes);
      throw error;
    }
    const listed = [...indexes].map(([volume, { numbers }]) => ({ volume, entries: numbers.length }));
    const manifest: Manifest = {
      serial: head.serial,
      checkpoint,
      dropped: false,
      bytes: encoded.bytes,
      read: {
        ...{ head: { ...head, index: listed }, tag: domain.tag, bytes: encoded.bytes, rawBytes: encoded.rawBytes },
      },
      damaged: null,
      unsure: false,
    };
    this.register(manifest);
    return manifest;
  }

  /** Renamed first, so that what others need of them stays; `remove` follows when nobody does. On disk when this resolves. */
  async drop(checkpoints: readonly string[]): Promise<void> {
    let any = false;
    for (const name of checkpoints) {
      const manifest = this.byCheckpoint.get(name);
      if (!manifest) continue;
      const before = this.file(manifest);
      this.byCheckpoint.delete(name);
      manifest.dropped = true;
      any = true;
      await rename(before, this.file(manifest)).catch((error: unknown) => {
        manifest.dropped = false;
        this.byCheckpoint.set(name, manifest);
        throw error;
      });
      if (manifest.read) manifest.unsure = false; // those that build on it are unsure themselves
    }
    if (any) await syncDirectory(this.directory);
  }

  /** Takes away what was dropped and no checkpoint that is there, nor one of `underway`, builds on. */
  async removeUnneeded(underway: () => Iterable<Manifest>): Promise<number> {
    let freed = 0;
    for (const manifest of this.every()) {
      if (!manifest.dropped || this.needed(underway()).has(manifest.serial)) continue;
      this.all.delete(manifest.serial);
      await unlinkIfThere(this.file(manifest));
      this.resolved.delete(manifest.serial);
      this.room.count(-manifest.bytes);
      freed += manifest.bytes;
    }
    return freed;
  }

  private needed(underway: Iterable<Manifest>): ReadonlySet<number> {
    const needed = new Set<number>();
    for (const manifest of [...this.byCheckpoint.values(), ...underway])
      for (let at: Manifest | undefined = manifest; at && !needed.has(at.serial); ) {
        needed.add(at.serial);
        const parent: number | null = at.read?.head.parent ?? null;
        at = parent === null ? undefined : this.all.get(parent);
      }
    return needed;
  }

  /** Indexes are read from the disk again. */
  forgetRead(): void {
    this.resolved = newCache();
  }

  /** Reads a manifest's own part again: `DamagedData` where it does not have its checksums. */
  async check(manifest: Manifest): Promise<void> {
    const { head } = await readHead(this.file(manifest), this.domainOf);
    await readIndexes(this.file(manifest), head, this.domainOf);
  }

  stored(manifest: Manifest): StoredCheckpoint | undefined {
    if (!manifest.read) return undefined;
    const { head, bytes, rawBytes } = manifest.read;
    return {
      facts: head.facts,
      volumes: head.volumes,
      end: head.end,
      wholeBytes: head.wholeBytes,
      storedBytes: head.segmentBytes + bytes,
      storedRawBytes: head.segmentRawBytes + rawBytes,
      damaged: manifest.damaged,
    };
  }
}

/** A checkpoint's own entries on top of its parent's pages, volume by volume as the checkpoint has them. */
export function applied(
  base: VolumeIndexes,
  over: VolumeIndexes,
  volumes: ManifestHead["volumes"],
): ReadonlyMap<string, PageIndex> {
  const result = new Map<string, PageIndex>();
  for (const { name, sizeBytes } of volumes) {
    const pages = Math.ceil(sizeBytes / pageBytes);
    result.set(name, overlay(base.get(name) ?? emptyIndex, over.get(name) ?? emptyIndex, pages));
  }
  return result;
}
