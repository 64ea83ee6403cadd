import { Buffer } from "node:buffer";
import { type MemoryBlock, memoryVolume, StreamWalker, UnknownStream } from "../../stream/index.ts";
import { type PageBatch, pageBytes, type Volume } from "../../words.ts";
import { type BaseKnown, type CheckpointTables, type HashPage, type PageTable, VolumeDiffer } from "../differ/index.ts";

export const devicesVolume = "devices";
/** About so many are compared before others get their turn. */
const pagesAtOnce = 4096;

/** Everything that a capture compares with its base, volume by volume. */
export class Differ {
  readonly #hash: HashPage;
  readonly #base: string | null;
  readonly #baseTables: CheckpointTables | undefined;
  readonly #emit: (batch: PageBatch) => void;
  readonly #volumes = new Map<string, { readonly differ: VolumeDiffer; readonly volume: Volume }>();

  constructor(
    hash: HashPage,
    base: string | null,
    baseTables: CheckpointTables | undefined,
    emit: (batch: PageBatch) => void,
  ) {
    this.#hash = hash;
    this.#base = base;
    this.#baseTables = baseTables;
    this.#emit = emit;
  }

  volume(volume: Volume): VolumeDiffer {
    const known = this.#volumes.get(volume.name);
    if (known) return known.differ;
    const missing: BaseKnown = this.#base === null ? "zero" : "unknown";
    const base = this.#base === null ? undefined : this.#baseTables?.get(volume.name);
    const differ = new VolumeDiffer(volume, base ?? missing, this.#hash, this.#emit);
    this.#volumes.set(volume.name, { differ, volume });
    return differ;
  }

  /** Bytes of pages that are not zero and differ from the base. */
  get changedBytes(): number {
    let pages = 0;
    for (const { differ } of this.#volumes.values()) pages += differ.changedPages;
    return pages * pageBytes;
  }

  /** Those that say all of their volumes. */
  tables(): CheckpointTables {
    const whole = [...this.#volumes].filter(([, { differ }]) => differ.isTableWhole);
    return new Map<string, PageTable>(whole.map(([name, { differ }]) => [name, differ.table]));
  }
}

const volumeOf = ({ name, sizeBytes }: MemoryBlock): Volume => ({
  name: memoryVolume(name),
  kind: "memory",
  sizeBytes,
});

/** Takes QEMU's stream as it comes, and gives the differ its pages. */
export class MemoryTaker {
  readonly #walker: StreamWalker;
  readonly #tail: Buffer[] = [];
  readonly #differ: Differ;
  #blocks: readonly { readonly volume: Volume; readonly differ: VolumeDiffer }[] = [];

  constructor(differ: Differ, onBlocks: (head: Uint8Array, volumes: readonly Volume[]) => void) {
    this.#differ = differ;
    this.#walker = new StreamWalker({
      onBlocks: (head, blocks) => {
        this.#blocks = blocks.map(volumeOf).map((volume) => ({ volume, differ: differ.volume(volume) }));
        onBlocks(
          head,
          this.#blocks.map(({ volume }) => volume),
        );
      },
      onPage: (block, page, bytes, at) => this.#blocks[block]?.differ.page(page, bytes, at),
      onTail: (bytes) => void this.#tail.push(Buffer.from(bytes)),
    });
  }

  push(chunk: Uint8Array): void {
    this.#walker.push(chunk);
  }

  #blockOf(block: string): { readonly volume: Volume; readonly differ: VolumeDiffer } {
    const found = this.#blocks.find(({ volume }) => volume.name === memoryVolume(block));
    if (!found) throw new UnknownStream("QEMU's stream does not have the memory that was copied.");
    return found;
  }

  /** Of all blocks but this one; undefined: not known yet. */
  bytesBeside(block: string): number | undefined {
    if (this.#blocks.length === 0) return undefined;
    const others = this.#blocks.filter(({ volume }) => volume.name !== memoryVolume(block));
    return others.reduce((sum, { volume }) => sum + volume.sizeBytes, 0);
  }

  /** Whether it is known of each page of the block what it was in the base. */
  knowsBase(block: string): boolean {
    return this.#blockOf(block).differ.knowsBase;
  }

  /**
   * The pages of a block that the stream leaves out, since they are shared with us. `hashes`: four words a page. `between` is waited for now
   * and then. Throws where there is no such block of this size.
   */
  async copied(
    block: string,
    { bytes, hashes }: { readonly bytes: Uint8Array; readonly hashes: Uint32Array },
    between: () => Promise<void>,
  ): Promise<void> {
    await this.#each(block, bytes, between, (differ, page) =>
      differ.hashedPage(page, hashes.subarray(page * 4, page * 4 + 4), bytes, page * pageBytes),
    );
  }

  /** The same where it is known which pages are as in the base: `changed` is not 0 for the others. */
  async changed(
    block: string,
    { bytes, changed }: { readonly bytes: Uint8Array; readonly changed: Uint8Array },
    between: () => Promise<void>,
  ): Promise<void> {
    await this.#each(block, bytes, between, (differ, page) => {
      if (changed[page] === 0) differ.samePage(page);
      else differ.unknownPage(page, bytes, page * pageBytes);
    });
  }

  async #each(
    block: string,
    bytes: Uint8Array,
    between: () => Promise<void>,
    give: (differ: VolumeDiffer, page: number) => void,
  ): Promise<void> {
    const { volume, differ } = this.#blockOf(block);
    // What QEMU left out besides would be taken for zero.
    if (this.#blocks.some((it) => it.differ !== differ && !it.differ.isTold))
      throw new UnknownStream("QEMU's stream leaves out more of the memory than was copied.");
    if (volume.sizeBytes !== bytes.length)
      throw new UnknownStream("QEMU's stream has memory of another size than what was copied.");
    for (let page = 0; page * pageBytes < bytes.length; page++) {
      if (page % pagesAtOnce === 0) await between();
      give(differ, page);
    }
  }

  /** When the stream has ended: the rest of the memory, then the devices' state. */
  finish(onVolume: (volume: Volume) => void): void {
    this.#walker.finish();
    for (const { differ } of this.#blocks) {
      differ.zeroUnseen();
      differ.flush();
    }
    giveDevices(this.#differ, Buffer.concat(this.#tail), onVolume);
  }
}

export function giveDevices(differ: Differ, state: Buffer, onVolume: (volume: Volume) => void): void {
  const volume: Volume = { name: devicesVolume, kind: "devices", sizeBytes: state.length };
  onVolume(volume);
  const pages = Math.ceil(state.length / pageBytes);
  const padded = Buffer.alloc(pages * pageBytes);
  state.copy(padded);
  const devices = differ.volume(volume);
  for (let page = 0; page < pages; page++) devices.unknownPage(page, padded, page * pageBytes);
  devices.flush();
}
