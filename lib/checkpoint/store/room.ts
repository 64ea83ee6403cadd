import { statfs } from "node:fs/promises";
import { StoreFull } from "../words.ts";

export interface RoomOptions {
  readonly maxBytes: number | undefined;
  readonly reserveBytes: number;
}

/** How much may still be written, and where. What is written is counted when it is promised, so that two writers do not share one gap. */
export class Room {
  private used = 0;
  private readonly directories: readonly string[];
  private readonly options: RoomOptions;

  constructor(directories: readonly string[], options: RoomOptions) {
    this.directories = directories;
    this.options = options;
  }

  get usedBytes(): number {
    return this.used;
  }

  /** What is there, or is there no more (negative). */
  count(bytes: number): void {
    this.used += bytes;
  }

  private async free(directory: number): Promise<number> {
    const { bavail, bsize } = await statfs(this.directories[directory] ?? "");
    return bavail * bsize - this.options.reserveBytes;
  }

  async freeBytes(): Promise<number> {
    const each = await Promise.all(this.directories.map((_, index) => this.free(index)));
    const disks = each.reduce((sum, free) => sum + Math.max(0, free), 0);
    const quota = (this.options.maxBytes ?? Number.POSITIVE_INFINITY) - this.used;
    return Math.max(0, Math.min(disks, quota));
  }

  /** Promises room for `bytes` in the directory with the most (or in `only`); the caller gives back what it does not use, by `count`. */
  async take(bytes: number, only?: number): Promise<number> {
    const { maxBytes } = this.options;
    if (maxBytes !== undefined && this.used + bytes > maxBytes)
      throw new StoreFull(`The store may use ${maxBytes} bytes, and ${this.used} are used.`);
    this.used += bytes;
    try {
      const among = only === undefined ? [...this.directories.keys()] : [only];
      const each = await Promise.all(among.map(async (index) => ({ index, free: await this.free(index) })));
      const best = each.reduce((most, one) => (one.free > most.free ? one : most));
      if (best.free < bytes) throw new StoreFull("The store's file system has no room left but its reserve.");
      return best.index;
    } catch (error) {
      this.used -= bytes;
      throw error;
    }
  }
}
