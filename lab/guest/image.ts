import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { imageCacheDir } from "../paths.ts";
import { type OnPhase, phase } from "../phases.ts";
import { readText, writeAtomic, writeJson } from "../system/files.ts";
import { withLock } from "../system/lock.ts";
import { buildImage, webDiskMiB } from "./build.ts";
import { currentKernel, requireKernel } from "./debian.ts";
import { type ImageName, imageInputs, inputsHash } from "./inputs.ts";
import { dropOldImages } from "./old-images.ts";
import { archiveManifest, type ServerArchiveInfo } from "./servers/archives.ts";
import { buildServerImages, serverDiskMiB } from "./servers/build.ts";

export interface GuestImage {
  readonly image: ImageName;
  /** Names the image and its directory in the cache. */
  readonly hash: string;
  readonly dir: string;
  /** The disk, qcow2; the kernel and its first file system. */
  readonly root: string;
  readonly kernel: string;
  readonly initrd: string;
  /** Of the disk. */
  readonly sha256: string;
  /** Of the disk, as a guest sees it. */
  readonly sizeBytes: number;
  /** The directory of the servers' archives, and what lies in it; null for `web`. */
  readonly servers: { readonly dir: string; readonly archives: readonly ServerArchiveInfo[] } | null;
}

export interface EnsureImageOptions {
  /** `web` unless told. `bare` and `prepared` are built together. */
  readonly image?: ImageName;
  readonly onPhase?: OnPhase;
  readonly signal?: AbortSignal;
}

const manifest = z.object({
  hash: z.string(),
  kernel: z.string(),
  image: z.enum(["web", "bare", "prepared"]).default("web"),
  sha256: z.string().optional(),
});
const buildWaitMs = 10 * 60_000;
const diskMiB = { web: webDiskMiB, bare: serverDiskMiB, prepared: serverDiskMiB };

/** The image for today's inputs, from the cache or built now. A build that was interrupted leaves nothing that counts. */
export async function ensureImage(options: EnsureImageOptions = {}): Promise<GuestImage> {
  const { image = "web" } = options;
  const ready = await cachedImage(image);
  if (ready) return ready;
  const web = image === "web" ? undefined : await ensureImage({ ...options, image: "web" });
  await mkdir(imageCacheDir, { recursive: true });
  return await withLock(path.join(imageCacheDir, "build.lock"), () => build(image, web, options), {
    timeoutMs: buildWaitMs,
  });
}

/** The cached image for today's inputs. Where apt knows no kernel (no lists), one that differs in nothing but the kernel will do. */
async function cachedImage(image: ImageName): Promise<GuestImage | undefined> {
  const kernel = await currentKernel();
  if (kernel) return await inCache(inputsHash(await imageInputs(`${kernel.package} ${kernel.version}`, image)));
  for (const hash of await readdir(imageCacheDir).catch(() => [])) {
    const text = await readText(path.join(imageCacheDir, hash, "manifest.json"));
    if (text === undefined) continue;
    const known = manifest.parse(JSON.parse(text));
    if (known.image === image && inputsHash(await imageInputs(known.kernel, image)) === hash)
      return await inCache(hash);
  }
  return undefined;
}

async function inCache(hash: string): Promise<GuestImage | undefined> {
  const dir = path.join(imageCacheDir, hash);
  const text = await readText(path.join(dir, "manifest.json"));
  if (text === undefined) return undefined;
  const known = manifest.parse(JSON.parse(text));
  const root = path.join(dir, "root.qcow2");
  const servers = path.join(dir, "servers");
  return {
    image: known.image,
    hash,
    dir,
    root,
    kernel: path.join(dir, "vmlinuz"),
    initrd: path.join(dir, "initrd.img"),
    sha256: known.sha256 ?? (await digestBeside(root)),
    sizeBytes: diskMiB[known.image] * 1024 * 1024,
    servers: existsSync(servers)
      ? {
          dir: servers,
          archives: archiveManifest.parse(JSON.parse(await readFile(path.join(servers, "manifest.json"), "utf8"))),
        }
      : null,
  };
}

/** Of an image from before digests were in manifests: read once, and kept beside it. */
async function digestBeside(root: string): Promise<string> {
  const known = (await readText(`${root}.sha256`))?.trim();
  if (known) return known;
  const found = await sha256Of(root);
  await writeAtomic(`${root}.sha256`, `${found}\n`);
  return found;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** Under the lock of all builds. `web` is what the others begin with. */
async function build(
  image: ImageName,
  web: GuestImage | undefined,
  { onPhase, signal }: EnsureImageOptions,
): Promise<GuestImage> {
  const rest = { ...(onPhase ? { onPhase } : {}), ...(signal ? { signal } : {}) };
  const kernel = await requireKernel({ timeoutMs: 180_000, ...(signal ? { signal } : {}) });
  const hash = inputsHash(await imageInputs(`${kernel.package} ${kernel.version}`, image));
  const ready = await inCache(hash);
  if (ready) return ready;
  // We hold the build lock: whatever draft lies here is of a build that died.
  for (const name of await readdir(imageCacheDir))
    if (name.startsWith("draft-")) await rm(path.join(imageCacheDir, name), { recursive: true, force: true });
  const draft = path.join(imageCacheDir, `draft-${hash}`);
  await phase(web ? "server images" : "guest image", onPhase, async (say) => {
    await mkdir(draft);
    if (web) {
      await buildServerImages({ dir: draft, web: web.dir, ...rest });
      for (const name of ["bare", "prepared"] as const)
        await keep(path.join(draft, name), `${kernel.package} ${kernel.version}`, name);
      await rm(draft, { recursive: true });
    } else {
      await buildImage({ dir: draft, kernel, ...rest });
      await keep(draft, `${kernel.package} ${kernel.version}`, "web");
    }
    await dropOldImages();
    say(hash);
  });
  const built = await inCache(hash);
  if (!built) throw new Error(`image ${image} was built and is not in the cache: ${hash}`);
  return built;
}

/** Moves a finished image to its place. One that lies there already is as good. */
async function keep(draft: string, kernel: string, image: ImageName): Promise<void> {
  const inputs = await imageInputs(kernel, image);
  const hash = inputsHash(inputs);
  const dir = path.join(imageCacheDir, hash);
  if (existsSync(path.join(dir, "manifest.json"))) return;
  const sha256 = await sha256Of(path.join(draft, "root.qcow2"));
  const { size } = await stat(path.join(draft, "root.qcow2"));
  await writeJson(path.join(draft, "manifest.json"), { hash, kernel, image, sha256, fileBytes: size, inputs });
  await rename(draft, dir);
}
