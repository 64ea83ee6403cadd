import { DamagedData, NotSure } from "../words.ts";
import type { Core } from "./core.ts";
import { isAbsent, isDiskFault } from "./files.ts";
import type { Marks } from "./marks.ts";
import { holding, manifestOf, marksOf, resolved } from "./read.ts";
import { SegmentDamaged } from "./segments.ts";

/** Reads these pages of a segment from the disk and tells what is found. Gives the bytes that were looked at. */
export async function lookAt(core: Core, number: number, slots: readonly number[]): Promise<number> {
  const { segments, damage } = core;
  const noteAll = async (error: unknown) => {
    if (!(error instanceof SegmentDamaged)) throw error;
    void damage.note(error); // many may follow: they are told together
  };
  try {
    const wrong = await segments.wrongPages(number, slots);
    if (wrong.length > 0)
      void damage.note(new SegmentDamaged(number, wrong, `Pages of segment ${number} do not have their hashes.`));
    damage.noteWell(
      number,
      slots.filter((slot) => !wrong.includes(slot)),
    );
  } catch (error) {
    await noteAll(error);
  }
  return segments.known.get(number)?.bytes ?? 0;
}

/** Every byte of a checkpoint: manifests, then each page, segment by segment. `NotSure` where a manifest cannot be read now. */
export async function verifyCheckpoint(core: Core, checkpoint: string): Promise<boolean> {
  const manifest = core.manifests.getSurely(checkpoint);
  if (!manifest) return false;
  let release = () => {};
  try {
    for (const one of core.manifests.chain(manifest))
      await core.manifests.check(one).catch(async (error: unknown) => {
        if (error instanceof DamagedData || isDiskFault(error)) await core.damage.noteManifest(one, error);
        throw error;
      });
    const marks = marksOf((await resolved(core, manifestOf(core, checkpoint))).values());
    release = holding(core, manifest, marks);
    for (const number of marks.numbers()) await lookAt(core, number, marks.slots(number, 256));
    if (manifest.damaged !== null) void core.damage.assessAnew(); // what was wrong with it may be well again
    await core.damage.settled();
    core.manifests.getSurely(checkpoint);
    return manifest.damaged === null;
  } catch (error) {
    if (isDiskFault(error) || isAbsent(error))
      throw new NotSure(`${checkpoint} cannot be read now: its disk fails, or is away.`, { cause: error });
    if (!(error instanceof DamagedData)) throw error;
    core.manifests.getSurely(checkpoint);
    return false;
  } finally {
    release();
  }
}

/** At the start: what every checkpoint needs is looked for, so that a segment that is missing is known, and which pages may be referred to. */
export async function audit(core: Core, marked: Marks, manifests = core.manifests.live()): Promise<void> {
  for (const manifest of manifests) {
    try {
      marked.addAll(marksOf((await core.manifests.contributed(manifest)).values()));
    } catch (error) {
      await core.damage.noteManifest(manifest, error);
    }
  }
  const waiting = marked.numbers();
  const worker = async () => {
    for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) await learn(core, number, marked);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

async function learn(core: Core, number: number, marked: Marks): Promise<void> {
  try {
    const { hashes, ranks, tag } = await core.segments.header(number);
    const needed = marked.slots(number, 256);
    const gone = needed.filter((slot) => (ranks[slot] ?? -1) < 0);
    if (gone.length > 0) void core.damage.note(new SegmentDamaged(number, gone, `Segment ${number} has lost pages.`));
    const high = tag.readUInt32LE(0);
    const low = tag.readUInt32LE(4);
    for (const slot of needed)
      if ((ranks[slot] ?? -1) >= 0)
        core.table.add(
          (hashes.readUInt32LE(slot * 32) ^ high) >>> 0,
          (hashes.readUInt32LE(slot * 32 + 4) ^ low) >>> 0,
          number,
          slot,
        );
  } catch (error) {
    // Without its key, or its disk: its checkpoints say so themselves when they are read, and nothing refers to it anew.
    if (error instanceof SegmentDamaged) void core.damage.note(error);
  }
}
