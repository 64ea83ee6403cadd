import { DamagedData, type PageBatch, pageBytes } from "../words.ts";
import type { Core } from "./core.ts";
import { isDiskFault } from "./files.ts";
import type { VolumeIndexes } from "./manifest-format.ts";
import type { Manifest } from "./manifests.ts";
import { Marks } from "./marks.ts";
import { difference, emptyIndex, type PageIndex } from "./page-index.ts";
import { SegmentDamaged } from "./segments.ts";

const batchPages = 256;

export function manifestOf(core: Core, checkpoint: string): Manifest {
  const manifest = core.manifests.get(checkpoint);
  if (!manifest) throw new DamagedData(`${checkpoint} is not in the store.`);
  return manifest;
}

export async function resolved(core: Core, manifest: Manifest): Promise<VolumeIndexes> {
  try {
    return await core.manifests.resolve(manifest);
  } catch (error) {
    if (!(error instanceof DamagedData) && !isDiskFault(error)) throw error;
    await core.damage.noteManifest(manifest, error);
    throw error instanceof DamagedData ? error : new DamagedData(String(error), { cause: error });
  }
}

export function marksOf(indexes: Iterable<PageIndex>): Marks {
  const marks = new Marks();
  for (const { segments, slots } of indexes)
    for (let at = 0; at < segments.length; at++) marks.add(segments[at] ?? 0, slots[at] ?? 0);
  return marks;
}

/** The pages of `marks` stay, whatever is dropped meanwhile, until what is given back is called. `DamagedData` where it was dropped before. */
export function holding(core: Core, manifest: Manifest, marks: Marks): () => void {
  // From here no collection can have begun that did not know of the checkpoint, or it is dropped already.
  if (manifest.dropped) throw new DamagedData(`${manifest.checkpoint} is not in the store any more.`);
  core.readers.add(marks);
  return () => core.readers.delete(marks);
}

async function batchOf(core: Core, volume: string, index: PageIndex, start: number): Promise<PageBatch> {
  const end = Math.min(index.numbers.length, start + batchPages);
  const bySegment = new Map<number, number[]>();
  const zero = new Uint8Array(end - start);
  let stored = 0;
  for (let at = start; at < end; at++) {
    const segment = index.segments[at] ?? 0;
    if (segment === 0) {
      zero[at - start] = 1;
      continue;
    }
    stored += 1;
    const slots = bySegment.get(segment);
    if (slots) slots.push(index.slots[at] ?? 0);
    else bySegment.set(segment, [index.slots[at] ?? 0]);
  }
  const pages = new Map<number, (slot: number) => Uint8Array>();
  const waiting = [...bySegment];
  const worker = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop())
      pages.set(next[0], await core.segments.pages(next[0], next[1]));
  };
  try {
    await Promise.all([worker(), worker(), worker(), worker()]);
  } catch (error) {
    if (error instanceof SegmentDamaged) await core.damage.note(error);
    throw error;
  }
  const data = Buffer.allocUnsafe(stored * pageBytes);
  let to = 0;
  for (let at = start; at < end; at++) {
    const page = pages.get(index.segments[at] ?? 0)?.(index.slots[at] ?? 0);
    if (!page) continue;
    data.set(page, to);
    to += pageBytes;
  }
  return { volume, numbers: index.numbers.slice(start, end), zero, data };
}

/** The next batch is read while the one before is in use; no more than these two are held, beside the store's own bounded cache. */
export async function* readPages(
  core: Core,
  checkpoint: string,
  volume: string,
  since?: string,
): AsyncGenerator<PageBatch, void, undefined> {
  const manifest = manifestOf(core, checkpoint);
  const here = (await resolved(core, manifest)).get(volume);
  if (!here) throw new DamagedData(`${checkpoint} has no volume ${volume}.`);
  const before = since === undefined ? undefined : await resolved(core, manifestOf(core, since));
  const index = before ? difference(before.get(volume) ?? emptyIndex, here) : here;
  const release = holding(core, manifest, marksOf([index]));
  try {
    let ahead = index.numbers.length > 0 ? batchOf(core, volume, index, 0) : undefined;
    for (let start = 0; ahead; ) {
      const batch = await ahead;
      start += batchPages;
      ahead = start < index.numbers.length ? batchOf(core, volume, index, start) : undefined;
      ahead?.catch(() => {}); // told when its turn comes, if anybody still asks
      yield batch;
    }
  } finally {
    release();
  }
}
