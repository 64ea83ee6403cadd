import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DamagedData } from "../words.ts";
import { isAbsent, writeWhole } from "./files.ts";
import type { VolumeIndexes } from "./manifest-format.ts";
import type { Manifest, Manifests } from "./manifests.ts";
import { Marks } from "./marks.ts";
import type { SegmentDamaged } from "./segments.ts";

/** What was found, and which checkpoints cannot be restored because of it. */
export interface DamageReport {
  readonly words: string;
  readonly checkpoints: readonly string[];
}

const fileSchema = z.array(z.object({ segment: z.number(), slots: z.array(z.number()) }));
const mostSlots = 256;

/**
 * Pages that are known to be lost. Kept in a file, so that a restart does not show as whole what was found damaged; the file is a
 * hint, and what it says is looked at again by `verify` and the scrub.
 */
export class Damage {
  private readonly lost = new Marks();
  private readonly untold: string[] = [];
  /** Segments were found well, and what that means for the checkpoints is to be looked at. */
  private isWellWaiting = false;
  private work: Promise<void> = Promise.resolve();
  private readonly file: string;
  private readonly manifests: Manifests;
  private readonly onDamage: (report: DamageReport) => void;

  private constructor(file: string, manifests: Manifests, onDamage: (report: DamageReport) => void) {
    this.file = file;
    this.manifests = manifests;
    this.onDamage = onDamage;
  }

  static async open(file: string, manifests: Manifests, onDamage: (report: DamageReport) => void): Promise<Damage> {
    const damage = new Damage(file, manifests, onDamage);
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      if (isAbsent(error)) return "[]";
      throw error;
    });
    const parsed = fileSchema.safeParse(json(text));
    if (parsed.success)
      for (const { segment, slots } of parsed.data) for (const slot of slots) damage.lost.add(segment, slot);
    if (damage.lost.size > 0) void damage.after(async () => void (await damage.assessAll()));
    return damage;
  }

  has(segment: number, slot: number): boolean {
    return this.lost.has(segment, slot);
  }

  /** Resolves when every checkpoint says what is known by now. */
  settled(): Promise<void> {
    return this.work;
  }

  private after(work: () => Promise<void>): Promise<void> {
    this.work = this.work.then(work).catch((error: unknown) => {
      this.onDamage({ words: `What is damaged could not be found out: ${String(error)}`, checkpoints: [] });
    });
    return this.work;
  }

  /** Pages of a segment were found damaged. */
  note(found: SegmentDamaged): Promise<void> {
    const slots = found.slots ?? Array.from({ length: mostSlots }, (_, slot) => slot);
    const news = slots.filter((slot) => !this.lost.has(found.segment, slot));
    if (news.length === 0) return this.work;
    for (const slot of news) this.lost.add(found.segment, slot);
    this.untold.push(found.message);
    if (this.untold.length > 1) return this.work; // told with those that wait already
    return this.after(async () => {
      const [first, ...more] = this.untold.splice(0);
      const checkpoints = await this.assessAll();
      this.onDamage({ words: more.length > 0 ? `${first} And ${more.length} more.` : (first ?? ""), checkpoints });
      await this.save();
    });
  }

  /** These pages were read and have their hashes, whatever was found before. */
  noteWell(segment: number, slots: readonly number[]): void {
    if (!slots.some((slot) => this.lost.has(segment, slot))) return;
    const still = this.lost.slots(segment, mostSlots).filter((slot) => !slots.includes(slot));
    this.lost.delete(segment);
    for (const slot of still) this.lost.add(segment, slot);
    if (this.isWellWaiting) return; // a disk that is back has thousands of them: one look is for all that wait
    this.isWellWaiting = true;
    void this.after(async () => {
      this.isWellWaiting = false;
      await this.assessAll();
      await this.save();
    });
  }

  /** The segment is no more. */
  noteGone(segment: number): void {
    this.lost.delete(segment);
  }

  /** A checkpoint's own manifest, or one that it builds on, cannot be read. */
  noteManifest(manifest: Manifest, error: unknown): Promise<void> {
    return this.after(async () => {
      this.manifests.forgetRead(); // what was read while it was well says nothing of the disk
      const checkpoints = await this.assessAll();
      this.onDamage({
        words: `The manifest of ${manifest.checkpoint} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        checkpoints,
      });
    });
  }

  /** Something was read well that had been found damaged, or could not be read: every checkpoint says what is known of it now. */
  assessAnew(): Promise<void> {
    return this.after(async () => void (await this.assessAll()));
  }

  /** The same of one, where nothing else was found. */
  assessOne(manifest: Manifest): Promise<void> {
    return this.after(() => this.look(manifest));
  }

  /** Gives those that were found damaged, or unreadable, only now. */
  private async assessAll(): Promise<string[]> {
    const found: string[] = [];
    for (const manifest of this.manifests.live()) {
      const wasWell = manifest.damaged === null && !manifest.unsure;
      await this.look(manifest);
      if (wasWell && (manifest.damaged !== null || manifest.unsure)) found.push(manifest.checkpoint);
    }
    return found;
  }

  /** Of one that was just written. */
  async assess(manifest: Manifest): Promise<void> {
    if (this.lost.size > 0) await this.look(manifest);
  }

  /** Wrong bytes are damage; a disk that does not give them now, or a key that is away, says nothing of them. */
  private async look(manifest: Manifest): Promise<void> {
    try {
      manifest.damaged = this.lostOf(await this.manifests.resolve(manifest));
      manifest.unsure = false;
    } catch (error) {
      manifest.damaged = error instanceof DamagedData ? error.message : null;
      manifest.unsure = !(error instanceof DamagedData);
    }
  }

  private lostOf(indexes: VolumeIndexes): string | null {
    for (const [volume, { segments, slots }] of indexes)
      for (let at = 0; at < segments.length; at++)
        if (this.lost.has(segments[at] ?? 0, slots[at] ?? 0)) return `Pages of ${volume} do not have their checksum.`;
    return null;
  }

  private async save(): Promise<void> {
    const list = this.lost
      .numbers()
      .map(
        (segment) => ({ segment, slots: this.lost.slots(segment, mostSlots) }) satisfies z.infer<typeof fileSchema>[0],
      );
    await writeWhole(this.file, [Buffer.from(JSON.stringify(list))]);
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
