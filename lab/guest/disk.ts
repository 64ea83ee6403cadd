import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { must, type RunOptions } from "../system/run.ts";

/** What a server does not need at run time; it would only make the image larger. */
const left = [
  "usr/share/doc",
  "usr/share/man",
  "usr/share/info",
  "usr/share/locale",
  "var/lib/apt/lists",
  "var/cache/apt",
];

export async function dropLeft(root: string): Promise<void> {
  for (const directory of left) await rm(path.join(root, directory), { recursive: true, force: true });
  await mkdir(path.join(root, "var/lib/apt/lists"), { recursive: true });
  await mkdir(path.join(root, "var/cache/apt/archives/partial"), { recursive: true });
}

/** Makes root.qcow2 in `dir` from the files below `root`. */
export async function writeDisk(root: string, dir: string, sizeMiB: number, limits: RunOptions): Promise<void> {
  const raw = path.join(dir, "root.raw");
  await must(["mkfs.ext4", "-q", "-L", "belay-root", "-d", root, raw, `${sizeMiB}M`], limits);
  await must(["qemu-img", "convert", "-O", "qcow2", raw, path.join(dir, "root.qcow2")], limits);
  await rm(raw);
}

/**
 * debootstrap and friends in namespaces that die with this process, even by kill -9: no mount of theirs can stay behind.
 */
export const boxed = (argv: readonly string[]) => [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "unshare",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  ...argv,
];
