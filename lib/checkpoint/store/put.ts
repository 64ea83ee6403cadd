import {
  type CaptureEnd,
  type CaptureFacts,
  type CaptureFrame,
  DamagedData,
  NotSure,
  type PageBatch,
  pageBytes,
  type StoredCheckpoint,
  type Volume,
} from "../words.ts";
import { BadCapture } from "./bad-capture.ts";
import type { Core, Underway } from "./core.ts";
import type { Domain } from "./domain.ts";
import { told } from "./files.ts";
import type { VolumeIndexes } from "./manifest-format.ts";
import { applied, isCheckpointName, type Manifest } from "./manifests.ts";
import { Marks } from "./marks.ts";
import { difference, emptyIndex, IndexBuilder, type PageIndex } from "./page-index.ts";
import { hashBytes, segmentPages, sha256 } from "./segment-format.ts";
import { SegmentDamaged } from "./segments.ts";

/** Indexes that are read to know one checkpoint's pages; past it, one against the chain's root is written. */
const mostDepth = 16;
/** Past this part of all pages, an index against the root is a whole one instead. */
const wholeFrom = 1 / 16;
const mostSealing = 3;
const zeroHash = sha256(new Uint8Array(pageBytes));

interface Growing {
  readonly number: number;
  readonly hashes: Buffer;
  readonly pages: Buffer;
  count: number;
}

const entriesOf = (indexes: VolumeIndexes) => [...indexes.values()].reduce((sum, one) => sum + one.numbers.length, 0);

/** One capture on its way into the store. */
class Put implements Underway {
  readonly marks = new Marks();
  readonly parent: Manifest | undefined;
  private readonly volumes = new Map<string, Volume>();
  private readonly builders = new Map<string, IndexBuilder>();
  private readonly own: number[] = [];
  /** Pages of segments that are not written yet, by hash: nobody else may refer to them. */
  private readonly fresh = new Map<string, { readonly segment: number; readonly slot: number }>();
  private readonly sealing = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;
  private growing: Growing | undefined;
  private segmentBytes = 0;
  private segmentRawBytes = 0;
  private readonly core: Core;
  private readonly facts: CaptureFacts;
  private readonly domain: Domain;

  constructor(core: Core, facts: CaptureFacts, domain: Domain, parent: Manifest | undefined) {
    this.core = core;
    this.facts = facts;
    this.domain = domain;
    this.parent = parent;
  }

  volume(volume: Volume): void {
    this.volumes.set(volume.name, volume);
  }

  async pages({ volume, numbers, zero, data }: PageBatch): Promise<void> {
    const known = this.volumes.get(volume);
    if (!known) throw new BadCapture(`Pages came of ${volume}, which was not named.`);
    if (zero.length !== numbers.length) throw new BadCapture("A batch has not as many marks as pages.");
    const pageCount = Math.ceil(known.sizeBytes / pageBytes);
    let builder = this.builders.get(volume);
    if (!builder) {
      builder = new IndexBuilder();
      this.builders.set(volume, builder);
    }
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    let at = 0;
    for (let start = 0; start < numbers.length; start += segmentPages) {
      const end = Math.min(numbers.length, start + segmentPages);
      const found: { readonly number: number; readonly page: Buffer; readonly hash: Buffer }[] = [];
      for (let index = start; index < end; index++) {
        const number = numbers[index] ?? 0;
        if (number >= pageCount) throw new BadCapture(`Page ${number} is past the end of ${volume}.`);
        if (zero[index]) {
          builder.add(number, 0, 0);
          continue;
        }
        const page = bytes.subarray(at, at + pageBytes);
        if (page.byteLength < pageBytes) throw new BadCapture("A batch has fewer bytes than its pages need.");
        at += pageBytes;
        found.push({ number, page, hash: sha256(page) });
      }
      await this.readCandidates(found.map(({ hash }) => hash));
      for (const { number, page, hash } of found) {
        const ref = this.find(hash) ?? (await this.place(page, hash));
        builder.add(number, ref.segment, ref.slot);
      }
    }
    if (at !== bytes.byteLength) throw new BadCapture("A batch has more bytes than its pages need.");
  }

  private key(hash: Buffer): { readonly high: number; readonly low: number } {
    const { tag } = this.domain;
    return {
      high: (hash.readUInt32LE(0) ^ tag.readUInt32LE(0)) >>> 0,
      low: (hash.readUInt32LE(4) ^ tag.readUInt32LE(4)) >>> 0,
    };
  }

  /** The headers of segments in which these pages may be: their whole hashes decide. */
  private async readCandidates(hashes: readonly Buffer[]): Promise<void> {
    const { table, segments, damage } = this.core;
    const needed = new Set<number>();
    for (const hash of hashes) {
      const { high, low } = this.key(hash);
      for (let at = table.first(high, low); at >= 0; at = table.next(at, high, low)) {
        const number = table.segmentAt(at);
        if (segments.known.has(number) && !segments.cachedHeader(number)) needed.add(number);
      }
    }
    for (const number of needed)
      await segments.header(number).catch((error: unknown) => {
        // A segment that was taken away meanwhile is no damage; it is only no candidate any more.
        if (error instanceof SegmentDamaged && segments.known.has(number)) return void damage.note(error);
        if (!(error instanceof DamagedData)) throw error;
      });
  }

  private find(hash: Buffer): { readonly segment: number; readonly slot: number } | undefined {
    if (hash.equals(zeroHash)) return { segment: 0, slot: 0 };
    const mine = this.fresh.get(hash.toString("latin1"));
    if (mine) return mine;
    const { table, segments, damage } = this.core;
    const { high, low } = this.key(hash);
    for (let at = table.first(high, low); at >= 0; at = table.next(at, high, low)) {
      const segment = table.segmentAt(at);
      const slot = table.slotAt(at);
      const info = segments.known.get(segment);
      const header = segments.cachedHeader(segment);
      if (!info || !header?.tag.equals(this.domain.tag)) continue;
      if (info.retired?.has(segment, slot) || damage.has(segment, slot)) continue;
      if (header.hashes.compare(hash, 0, hashBytes, slot * hashBytes, (slot + 1) * hashBytes) !== 0) continue;
      if (info.owner !== undefined && info.owner !== this) info.adopted = true;
      this.refer(segment, slot);
      return { segment, slot };
    }
    return undefined;
  }

  private refer(segment: number, slot: number): void {
    this.marks.add(segment, slot);
    this.core.needed?.add(segment, slot);
  }

  private async place(page: Buffer, hash: Buffer) {
    if (this.failure) throw this.failure.error;
    this.growing ??= {
      number: await this.core.numbers.take(),
      hashes: Buffer.allocUnsafe(segmentPages * hashBytes),
      pages: Buffer.allocUnsafe(segmentPages * pageBytes),
      count: 0,
    };
    const { growing } = this;
    const ref = { segment: growing.number, slot: growing.count };
    page.copy(growing.pages, growing.count * pageBytes);
    hash.copy(growing.hashes, growing.count * hashBytes);
    growing.count += 1;
    this.fresh.set(hash.toString("latin1"), ref);
    this.refer(ref.segment, ref.slot);
    if (growing.count === segmentPages) await this.seal(growing);
    return ref;
  }

  private async seal(growing: Growing): Promise<void> {
    this.growing = undefined;
    while (this.sealing.size >= mostSealing) await Promise.race(this.sealing);
    const work: Promise<void> = this.write(growing)
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.sealing.delete(work));
    this.sealing.add(work);
  }

  private async write({ number, hashes, pages, count }: Growing): Promise<void> {
    const { segments, table } = this.core;
    const used = hashes.subarray(0, count * hashBytes);
    const { bytes, rawBytes } = await segments.write(
      number,
      this.domain,
      used,
      pages.subarray(0, count * pageBytes),
      this,
    );
    this.own.push(number);
    this.segmentBytes += bytes;
    this.segmentRawBytes += rawBytes;
    for (let slot = 0; slot < count; slot++) {
      const hash = used.subarray(slot * hashBytes, (slot + 1) * hashBytes);
      const { high, low } = this.key(hash);
      table.add(high, low, number, slot);
      this.fresh.delete(hash.toString("latin1"));
    }
  }

  async finish(end: CaptureEnd): Promise<StoredCheckpoint> {
    if (this.growing) await this.seal(this.growing);
    await Promise.all(this.sealing);
    if (this.failure) throw this.failure.error;
    const { segments, manifests, numbers } = this.core;
    await segments.sync([...this.own, ...this.marks.numbers()]);
    const { parent, indexes } = await this.index();
    const volumes = [...this.volumes.values()];
    const head = {
      serial: await numbers.take(),
      parent,
      facts: this.facts,
      volumes,
      end,
      wholeBytes: volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      segmentBytes: this.segmentBytes,
      segmentRawBytes: this.segmentRawBytes,
    };
    const manifest = await manifests.add(
      { ...head, facts: { ...head.facts, disks: [...head.facts.disks] } },
      indexes,
      this.domain,
    );
    for (const number of this.own) this.release(number);
    await this.core.damage.assess(manifest);
    const stored = manifests.stored(manifest);
    if (!stored) throw new Error("unreachable: it was just written");
    return stored;
  }

  /** Against the base; every 16th against the chain's root, or whole, so that few files tell where a page is. */
  private async index(): Promise<{ readonly parent: number | null; readonly indexes: VolumeIndexes }> {
    const volumes = [...this.volumes.values()];
    const own = new Map<string, PageIndex>();
    for (const { name } of volumes) own.set(name, this.builders.get(name)?.finish() ?? emptyIndex);
    const { manifests, damage } = this.core;
    if (!this.parent) return { parent: null, indexes: applied(new Map(), own, volumes) };
    const { parent } = this;
    const chain = manifests.chain(parent);
    if (chain.length < mostDepth) return { parent: parent.serial, indexes: own };
    const root = chain.at(-1) ?? parent;
    const read = async (one: Manifest) =>
      manifests.resolve(one).catch(async (error: unknown) => {
        if (error instanceof DamagedData) await damage.noteManifest(parent, error);
        throw error;
      });
    const whole = applied(await read(parent), own, volumes);
    const before = await read(root);
    const against = new Map<string, PageIndex>();
    for (const [name, index] of whole) against.set(name, difference(before.get(name) ?? emptyIndex, index));
    return entriesOf(against) > entriesOf(whole) * wholeFrom
      ? { parent: null, indexes: whole }
      : { parent: root.serial, indexes: against };
  }

  private release(number: number): void {
    const info = this.core.segments.known.get(number);
    if (info) info.owner = undefined;
  }

  /** Nothing stays but what another put took over meanwhile. */
  async abort(): Promise<void> {
    await Promise.all(this.sealing);
    for (const number of this.own) {
      if (this.core.segments.known.get(number)?.adopted) this.release(number);
      else await this.core.segments.remove(number);
    }
  }
}

/** All of it is kept in this domain: what builds on it takes over where its pages lie, also those that no key has made unreadable. */
const isKeptIn = ({ manifests }: Core, manifest: Manifest, { tag }: Domain): boolean =>
  manifests.chain(manifest).every(({ read }) => read?.tag.equals(tag));

/** Whether a new checkpoint of this organization may build on it. */
export async function bears(core: Core, checkpoint: string, organization: string | null): Promise<boolean> {
  await core.ready; // what is damaged is known then
  const domain = await core.keyring.domainOf(organization);
  await core.damage.settled();
  const manifest = core.manifests.get(checkpoint);
  try {
    const isWell = manifest !== undefined && manifest.damaged === null && !core.manifests.isUnsure(manifest);
    return isWell && isKeptIn(core, manifest, domain);
  } catch (error) {
    if (error instanceof DamagedData) return false;
    throw error;
  }
}

function parentOf(core: Core, facts: CaptureFacts, domain: Domain): Manifest | undefined {
  if (facts.base === null) return undefined;
  const parent = core.manifests.get(facts.base);
  if (!parent?.read) throw new DamagedData(`${facts.base}, which ${facts.checkpoint} builds on, is not in the store.`);
  if (parent.read.head.facts.vm !== facts.vm) throw new BadCapture(`${facts.base} is of another VM.`);
  if (core.manifests.isUnsure(parent))
    throw new NotSure(`${facts.base}, which ${facts.checkpoint} builds on, cannot be read now.`);
  if (parent.damaged !== null) throw new DamagedData(`${facts.base}, which ${facts.checkpoint} builds on, is damaged.`);
  if (!isKeptIn(core, parent, domain))
    throw new BadCapture(`${facts.base} is not kept by the key of its organization.`);
  return parent;
}

/** Takes in the rest of a capture after its first frame. */
export async function putCapture(
  core: Core,
  first: Extract<CaptureFrame, { kind: "facts" }>,
  rest: AsyncIterator<CaptureFrame>,
): Promise<StoredCheckpoint> {
  const { facts } = first;
  if (!isCheckpointName(facts.checkpoint))
    throw new BadCapture(`${JSON.stringify(facts.checkpoint)} is no id of a checkpoint.`);
  await core.ready;
  core.manifests.getSurely(facts.checkpoint);
  await core.manifests.drop([facts.checkpoint]); // one that is damaged; a readable one was given back before
  const domain = await core.keyring.domainOf(facts.organization);
  const put = new Put(core, facts, domain, parentOf(core, facts, domain));
  core.puts.add(put);
  try {
    for (const volume of first.volumes) put.volume(volume);
    for (;;) {
      const { value, done } = await rest.next();
      if (done) throw new BadCapture("The capture was cut short.");
      if (value.kind === "pages") await put.pages(value.batch);
      else if (value.kind === "volume") put.volume(value.volume);
      else if (value.kind === "end") return await put.finish(value.end);
      else throw new BadCapture("A capture has facts once.");
    }
  } catch (error) {
    await put.abort();
    throw told(error);
  } finally {
    core.puts.delete(put);
  }
}
