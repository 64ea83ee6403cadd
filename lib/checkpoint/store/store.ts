import { mkdir } from "node:fs/promises";
import type { ByteStore, CaptureFrame, StoredCheckpoint } from "../words.ts";
import { Again, knowChain } from "./again.ts";
import { BadCapture } from "./bad-capture.ts";
import { collectGarbage } from "./collect.ts";
import type { Core } from "./core.ts";
import { Damage, type DamageReport } from "./damage.ts";
import { type EncryptionOptions, Keyring } from "./domain.ts";
import { lockStore } from "./lock.ts";
import { Manifests } from "./manifests.ts";
import { Marks } from "./marks.ts";
import { Numbers } from "./numbers.ts";
import { PageTable } from "./page-table.ts";
import { openPlaces, WrongDirectory } from "./places.ts";
import { bears, putCapture } from "./put.ts";
import { readPages } from "./read.ts";
import { Room } from "./room.ts";
import { scrubAlways, scrubOnce } from "./scrub.ts";
import { Segments } from "./segments.ts";
import { audit, verifyCheckpoint } from "./verify.ts";

export interface StoreOptions {
  /** The first is the home, with the manifests; segments go where the most room is. */
  readonly directories: readonly string[];
  /** The store's own limit; undefined: the file systems'. */
  readonly maxBytes?: number;
  /** Left free on each file system. */
  readonly reserveBytes?: number;
  readonly encryption?: EncryptionOptions;
  /** How fast everything is read again in the background, and how long it rests between two rounds. undefined: never. */
  readonly scrub?: { readonly bytesPerSecond: number; readonly restMs: number };
  readonly onDamage?: (report: DamageReport) => void;
  /** What cannot be read now, and may be well, is read again at most so often. */
  readonly unsureAgainMs?: number;
  /** How long another process that has the store open is waited for. */
  readonly lockWaitMs?: number;
}

/** What the store can do in its own process, beside the words that all share. */
export interface LocalStore extends ByteStore {
  /** It was made by this opening: there was none in its home. */
  readonly isNew: boolean;
  /** When it was opened there was no checkpoint in it. */
  readonly isEmpty: boolean;
  /** One round of the scrub at full speed. */
  scrub(): Promise<void>;
  /** Resolved when all is known that the start has to find out. */
  readonly ready: Promise<void>;
}

const unsureAgainMs = 60_000;

export class StoreClosed extends Error {
  override readonly name = "StoreClosed";
}

/** Opens, or makes, the store in these directories. Checkpoints can be read at once; puts and collections wait for `ready`. */
export async function openStore(options: StoreOptions): Promise<LocalStore> {
  const [home] = options.directories;
  if (home === undefined) throw new WrongDirectory("A store needs a directory.");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const unlock = await lockStore(home, options.lockWaitMs ?? 0);
  try {
    return await opened(options, await openPlaces(home, options.directories.slice(1)), unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function opened(
  options: StoreOptions,
  places: Awaited<ReturnType<typeof openPlaces>>,
  unlock: () => Promise<void>,
): Promise<LocalStore> {
  const onDamage = options.onDamage ?? (() => {});
  const { maxBytes, reserveBytes = 0 } = options;
  const room = new Room(places.segments, { maxBytes, reserveBytes });
  const keyring = await Keyring.open(places.keys, options.encryption);
  const segments = await Segments.open(places.segments, room, keyring);
  const manifests = await Manifests.open(places.manifests, room, keyring, (checkpoint, error) =>
    onDamage({
      words: `The manifest of ${checkpoint} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      checkpoints: [checkpoint],
    }),
  );
  const isEmpty = manifests.every().length === 0;
  const highest = [...segments.known.keys()].reduce((most, one) => Math.max(most, one), manifests.highest);
  const damage = await Damage.open(places.damage, manifests, onDamage);
  const ready = Promise.withResolvers<void>();
  const core: Core = {
    ...{ room, keyring, segments, manifests, damage },
    numbers: await Numbers.open(places.numbers, highest),
    table: new PageTable((segment) => segments.known.has(segment)),
    puts: new Set(),
    readers: new Set(),
    needed: undefined,
    ready: ready.promise,
  };
  audit(core, new Marks()).then(ready.resolve, ready.reject);
  core.ready.catch(() => {}); // told by whoever waits for it
  const ending = new AbortController();
  const again = new Again(core, options.unsureAgainMs ?? unsureAgainMs, ending.signal);
  const scrubbing = options.scrub
    ? scrubAlways(core, { ...options.scrub, onTrouble: told }, ending.signal)
    : Promise.resolve();
  function told(error: unknown): void {
    onDamage({ words: `The scrub failed: ${String(error)}`, checkpoints: [] });
  }

  /** One put of each checkpoint at a time; one drop or collection at a time. */
  const putting = new Map<string, Promise<unknown>>();
  let tending: Promise<unknown> = Promise.resolve();
  const tend = <T>(work: () => Promise<T>): Promise<T> => {
    const next = tending.then(work, work);
    tending = next.catch(() => {});
    return next;
  };
  const working = new Set<Promise<unknown>>();
  const during = async <T>(begin: () => Promise<T>): Promise<T> => {
    if (ending.signal.aborted) throw new StoreClosed("The store is closed.");
    const work = begin();
    working.add(work);
    work.finally(() => working.delete(work)).catch(() => {});
    return work;
  };

  async function put(frames: AsyncIterable<CaptureFrame>): Promise<StoredCheckpoint> {
    const iterator = frames[Symbol.asyncIterator]();
    // No race with one promise that outlives them all: it would hold every frame until its end.
    let giveUp = (_: unknown) => {};
    const close = () => giveUp(new StoreClosed("The store was closed."));
    ending.signal.addEventListener("abort", close);
    const rest = {
      next: () =>
        new Promise<IteratorResult<CaptureFrame>>((resolve, reject) => {
          giveUp = reject;
          if (ending.signal.aborted) close();
          else iterator.next().then(resolve, reject);
        }),
    };
    try {
      const { value, done } = await rest.next();
      if (done || value.kind !== "facts") throw new BadCapture("A capture begins with its facts.");
      const { checkpoint } = value.facts;
      for (let other = putting.get(checkpoint); other; other = putting.get(checkpoint)) await other.catch(() => {});
      const there = manifests.get(checkpoint);
      const stored = there && manifests.stored(there);
      if (stored) return stored;
      const work = putCapture(core, value, rest);
      putting.set(checkpoint, work);
      return await work.finally(() => putting.delete(checkpoint));
    } finally {
      ending.signal.removeEventListener("abort", close);
      const over = iterator.return?.();
      if (ending.signal.aborted)
        over?.catch(() => {}); // it may wait for a frame that never comes
      else await over;
    }
  }

  async function list(vm: string): Promise<readonly StoredCheckpoint[]> {
    await damage.settled();
    const unsure = new Set(manifests.unsure());
    return manifests
      .live()
      .filter((manifest) => manifest.read?.head.facts.vm === vm && !unsure.has(manifest))
      .toSorted((a, b) => b.serial - a.serial)
      .flatMap((manifest) => manifests.stored(manifest) ?? []);
  }

  return {
    ready: core.ready,
    isNew: places.isNew,
    isEmpty,
    put: (frames) => during(() => put(frames)),
    list,
    async get(checkpoint) {
      await damage.settled();
      const manifest = manifests.getSurely(checkpoint);
      return manifest && manifests.stored(manifest);
    },
    bears: (checkpoint, organization) => bears(core, checkpoint, organization),
    read: (checkpoint, volume, since) => readPages(core, checkpoint, volume, since),
    verify: (checkpoint) => during(() => knowChain(core, checkpoint).then(() => verifyCheckpoint(core, checkpoint))),
    drop: (checkpoints) => during(() => tend(() => manifests.drop(checkpoints))),
    collect: () =>
      during(() =>
        tend(async () => {
          await core.ready;
          await again.soon(); // nothing is freed before all of it is known
          return { freedBytes: await collectGarbage(core) };
        }),
      ),
    async stats() {
      const checkpoints = manifests.live().length;
      return { usedBytes: room.usedBytes, freeBytes: await room.freeBytes(), checkpoints };
    },
    async standing() {
      void again.soon(); // the next answer knows of it
      await damage.settled();
      const unsure = new Set(manifests.unsure().map(({ checkpoint }) => checkpoint));
      return {
        store: places.store,
        unsure: [...unsure],
        damaged: manifests.live().flatMap(({ checkpoint, damaged, read }) => {
          return damaged === null || !read || unsure.has(checkpoint) ? [] : [{ checkpoint, vm: read.head.facts.vm }];
        }),
      };
    },
    async scrub() {
      await core.ready;
      await scrubOnce(core, async () => {}, ending.signal);
      await damage.settled();
    },
    async close() {
      ending.abort();
      await scrubbing;
      await again.soon();
      await Promise.allSettled([...working, core.ready]);
      await damage.settled();
      await unlock();
    },
  };
}
