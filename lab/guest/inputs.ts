import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { labSourceDir } from "../paths.ts";
import { suite } from "./debian.ts";
import { bootModules, lateModules } from "./modules.ts";

/** Raise when the way of building changes without any of the inputs below changing. */
const format = 1;

/** Debian packages of the image, besides debootstrap's minimal set. */
export const guestPackages = ["busybox-static", "dropbear-bin", "iproute2", "qemu-guest-agent"];

/** What an image is made of. Two builds with equal inputs are the same image. */
export interface ImageInputs {
  format: number;
  suite: string;
  packages: string[];
  kernel: string;
  modules: string[];
  /** SHA-256 by path, of every file that we put into the image. */
  files: Record<string, string>;
}

/** Directories of ours that go into the image. */
export const rootfsDir = path.join(labSourceDir, "guest/rootfs");
export const initramfsInit = path.join(labSourceDir, "guest/initramfs/init");
/** First program of the initramfs; the machine's own, static. */
export const busybox = "/bin/busybox";

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

export async function imageInputs(kernel: string): Promise<ImageInputs> {
  const files: Record<string, string> = {};
  for (const file of [...(await filesBelow(rootfsDir)), initramfsInit, busybox])
    files[path.relative(labSourceDir, file)] = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  return { format, suite, packages: guestPackages, kernel, modules: [...bootModules, ...lateModules], files };
}

/** Sixteen hex digits that name the image in the cache. */
export function inputsHash(inputs: ImageInputs): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
}
