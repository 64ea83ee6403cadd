import { readFile } from "node:fs/promises";
import { isAbsent, writeWhole } from "./files.ts";

const step = 4096;

/**
 * Numbers of segments and manifests, each given once for ever, so that an old reference can only miss and never hit something else.
 * A block of them is on disk as taken before its first is given; after a restart the rest of a block is left out.
 */
export class Numbers {
  private next: number;
  private end: number;
  private reserving: Promise<void> | undefined;
  private readonly file: string;

  private constructor(file: string, first: number) {
    this.file = file;
    this.next = first;
    this.end = first;
  }

  /** `above`: the highest that is known to be in use, should the file be lost. */
  static async open(file: string, above: number): Promise<Numbers> {
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      if (isAbsent(error)) return "";
      throw error;
    });
    const written = /^\d{1,10}\n$/.test(text) ? Number(text) : 1;
    // Beyond what a lost file can have given that nothing names any more.
    const least = written > above ? written : above === 0 ? 1 : above + 16 * step;
    return new Numbers(file, Math.max(written, least));
  }

  async take(): Promise<number> {
    while (this.next >= this.end) {
      this.reserving ??= this.reserve().finally(() => {
        this.reserving = undefined;
      });
      await this.reserving;
    }
    return this.next++;
  }

  private async reserve(): Promise<void> {
    const end = this.end + step;
    if (end > 0xffffffff) throw new Error("The store has given all of its numbers.");
    await writeWhole(this.file, [Buffer.from(`${end}\n`)]);
    this.end = end;
  }
}
