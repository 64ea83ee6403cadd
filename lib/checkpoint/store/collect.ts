import { setImmediate } from "node:timers/promises";
import { DamagedData, NotSure, StoreFull } from "../words.ts";
import type { Core } from "./core.ts";
import type { Manifest } from "./manifests.ts";
import { Marks } from "./marks.ts";
import { marksOf } from "./read.ts";
import { SegmentDamaged } from "./segments.ts";

const turnSegments = 500;
/** A segment is rewritten when fewer than this part of its pages are needed. */
const sparse = 1 / 2;

/**
 * Every page that a checkpoint, or one on its way in, refers to. What a damaged manifest refers to cannot be known; nobody can restore
 * from it either. Any other trouble stops the search, since what is away may come back.
 */
async function markAll(core: Core, needed: Marks): Promise<void> {
  const { manifests } = core;
  const [unsure] = manifests.unsure();
  if (unsure) throw new NotSure(`The manifest of ${unsure.checkpoint} cannot be read now, so nothing is freed.`);
  const live = manifests.live();
  const parents: Manifest[] = [];
  for (const put of core.puts) {
    needed.addAll(put.marks);
    if (put.parent) parents.push(put.parent);
  }
  for (const marks of core.readers) needed.addAll(marks);
  for (const manifest of [...live, ...parents]) {
    try {
      needed.addAll(marksOf((await manifests.contributed(manifest)).values()));
    } catch (error) {
      if (!(error instanceof DamagedData)) throw error;
      await core.damage.noteManifest(manifest, error);
    }
  }
}

async function thinOut(core: Core, number: number, needed: Marks): Promise<number> {
  const { segments, damage } = core;
  const info = segments.known.get(number);
  if (!info || info.owner !== undefined) return 0;
  if (!needed.hasSegment(number)) {
    damage.noteGone(number);
    return segments.remove(number);
  }
  if (info.pages !== undefined && needed.count(number) >= info.pages * sparse) return 0; // without looking at the file
  const header = await segments.header(number);
  const there = [...header.ranks.keys()].filter((slot) => (header.ranks[slot] ?? -1) >= 0);
  // From here to `retired` nothing is awaited: nobody can take a reference to a page that goes.
  const keep = there.filter((slot) => needed.has(number, slot));
  if (keep.length >= there.length * sparse || keep.some((slot) => damage.has(number, slot))) return 0;
  const before = info.retired;
  const retired = new Marks();
  if (before) retired.addAll(before);
  for (const slot of there) if (!needed.has(number, slot)) retired.add(number, slot);
  info.retired = retired;
  try {
    return await segments.rewrite(number, new Set(keep));
  } catch (error) {
    info.retired = before;
    if (error instanceof SegmentDamaged) await damage.note(error);
    else if (!(error instanceof StoreFull)) throw error; // full: what is whole garbage is freed all the same
    return 0;
  }
}

/** Marks from the manifests, then takes away segments without any marked page and rewrites those with few. One at a time. */
export async function collectGarbage(core: Core): Promise<number> {
  const needed = new Marks();
  core.needed = needed;
  try {
    await markAll(core, needed);
    let freed = await core.manifests.removeUnneeded(() =>
      [...core.puts].flatMap(({ parent }) => (parent ? [parent] : [])),
    );
    let looked = 0;
    for (const number of [...core.segments.known.keys()]) {
      if (++looked % turnSegments === 0) await setImmediate(); // most wait for nothing: others get their turn
      freed += await thinOut(core, number, needed).catch((error: unknown) => {
        if (error instanceof SegmentDamaged) return core.damage.note(error).then(() => 0);
        throw error;
      });
    }
    return freed;
  } finally {
    core.needed = undefined;
  }
}
