import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { imageCacheDir } from "../paths.ts";
import { type OnPhase, phase } from "../phases.ts";
import { labNames, readRecord } from "../state.ts";
import { readText, writeJson } from "../system/files.ts";
import { withLock } from "../system/lock.ts";
import { buildImage } from "./build.ts";
import { currentKernel, requireKernel } from "./debian.ts";
import { imageInputs, inputsHash } from "./inputs.ts";
import { readGuests } from "./record.ts";

export interface GuestImage {
  /** Names the image and its directory in the cache. */
  hash: string;
  /** Holds root.qcow2, vmlinuz, initrd.img, manifest.json. */
  dir: string;
  kernel: string;
}

export interface EnsureImageOptions {
  onPhase?: OnPhase;
  signal?: AbortSignal;
}

const manifest = z.object({ hash: z.string(), kernel: z.string() });
const buildWaitMs = 10 * 60_000;

/** The image for today's inputs, from the cache or built now. A build that was interrupted leaves nothing that counts. */
export async function ensureImage(options: EnsureImageOptions = {}): Promise<GuestImage> {
  const ready = await cachedImage();
  if (ready) return ready;
  await mkdir(imageCacheDir, { recursive: true });
  return await withLock(path.join(imageCacheDir, "build.lock"), () => build(options), { timeoutMs: buildWaitMs });
}

/** The cached image for today's inputs. Where apt knows no kernel (no lists), one that differs in nothing but the kernel will do. */
async function cachedImage(): Promise<GuestImage | undefined> {
  const kernel = await currentKernel();
  if (kernel) return await inCache(inputsHash(await imageInputs(`${kernel.package} ${kernel.version}`)));
  for (const hash of await readdir(imageCacheDir).catch(() => [])) {
    const image = await inCache(hash);
    if (image && inputsHash(await imageInputs(image.kernel)) === hash) return image;
  }
  return undefined;
}

async function inCache(hash: string): Promise<GuestImage | undefined> {
  const dir = path.join(imageCacheDir, hash);
  const text = await readText(path.join(dir, "manifest.json"));
  return text === undefined ? undefined : { ...manifest.parse(JSON.parse(text)), dir };
}

async function build({ onPhase, signal }: EnsureImageOptions): Promise<GuestImage> {
  const rest = { ...(onPhase ? { onPhase } : {}), ...(signal ? { signal } : {}) };
  const kernel = await requireKernel({ timeoutMs: 180_000, ...(signal ? { signal } : {}) });
  const inputs = await imageInputs(`${kernel.package} ${kernel.version}`);
  const hash = inputsHash(inputs);
  const ready = await inCache(hash);
  if (ready) return ready;
  // We hold the build lock: whatever draft lies here is of a build that died.
  for (const name of await readdir(imageCacheDir))
    if (name.startsWith("draft-")) await rm(path.join(imageCacheDir, name), { recursive: true, force: true });
  const draft = path.join(imageCacheDir, `draft-${hash}`);
  const dir = path.join(imageCacheDir, hash);
  await phase("guest image", onPhase, async (say) => {
    await mkdir(draft);
    await buildImage({ dir: draft, kernel, ...rest });
    await writeJson(path.join(draft, "manifest.json"), { hash, kernel: inputs.kernel, inputs });
    await rename(draft, dir);
    await dropOldImages();
    say(hash);
  });
  return { hash, dir, kernel: inputs.kernel };
}

const keptImages = 3;

/** Keeps the newest images and those a lab or a guest of this project still names; an image is 120 MB. */
async function dropOldImages(): Promise<void> {
  const used = new Set(await imagesInUse());
  const hashes = (await readdir(imageCacheDir)).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const dated = await Promise.all(
    hashes.map(async (hash) => ({ hash, at: (await stat(path.join(imageCacheDir, hash))).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.at - a.at).slice(keptImages);
  for (const { hash } of old)
    if (!used.has(hash)) await rm(path.join(imageCacheDir, hash), { recursive: true, force: true });
}

/** A record that cannot be read names nothing; `up` on that lab says so. */
async function imagesInUse(): Promise<string[]> {
  const labs = await labNames();
  const records = await Promise.all(labs.map((lab) => readRecord(lab).catch(() => undefined)));
  const guests = await Promise.all(labs.map((lab) => readGuests(lab).catch(() => [])));
  return [...records.flatMap((record) => record?.image ?? []), ...guests.flat().map((guest) => guest.imageHash)];
}
