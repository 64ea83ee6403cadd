import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { labSourceDir } from "../paths.ts";
import { suite } from "./debian.ts";
import { bootModules, lateModules } from "./modules.ts";
import { serverPackages } from "./servers/lists.ts";

/** Raise when the way of building changes without any of the inputs below changing. */
const format = 1;

/** Debian packages of the image, besides debootstrap's minimal set. */
export const guestPackages = ["busybox-static", "dropbear-bin", "iproute2", "qemu-guest-agent"];

/** What runs on it: a web server of busybox; only the system, for servers that are put there; those servers, installed. */
export const imageNames = ["web", "bare", "prepared"] as const;
export type ImageName = (typeof imageNames)[number];

/** A quiet kernel that leaves a panic to libvirt (panic=0: stay, do not reboot) and spares emulation what it need not do. */
export const linuxCommandLine =
  "console=ttyS0 quiet panic=0 oops=panic mitigations=off nowatchdog no_timer_check random.trust_cpu=on ipv6.disable=1";

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

/** Of `bare` and `prepared`: what they begin with, and what makes them more. */
export interface ServerImageInputs {
  format: number;
  image: Exclude<ImageName, "web">;
  web: string;
  kernel: string;
  packages: string[];
  files: Record<string, string>;
}

/** Raise when the way of building `bare` and `prepared` changes without any of their inputs changing. */
const serversFormat = 2;
const serversDir = path.join(labSourceDir, "guest/servers");
/** Goes into both images. */
export const serversRootfs = path.join(serversDir, "rootfs");
/** Goes beside the servers: into `prepared`, and into the archives. */
export const serversData = path.join(serversDir, "data");
export const installScript = path.join(serversDir, "install.sh");

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

async function digests(names: readonly string[]): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const file of names)
    files[path.relative(labSourceDir, file)] = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  return files;
}

/** Those of `bare` and `prepared` begin with those of `web`. */
export async function imageInputs(kernel: string, image: ImageName = "web"): Promise<ImageInputs | ServerImageInputs> {
  const web = await webInputs(kernel);
  if (image === "web") return web;
  const dirs = await Promise.all([serversRootfs, serversData].map(filesBelow));
  const files = await digests([...dirs.flat(), installScript, path.join(serversDir, "lists.ts")]);
  return { format: serversFormat, image, web: inputsHash(web), kernel, packages: serverPackages, files };
}

async function webInputs(kernel: string): Promise<ImageInputs> {
  const files = await digests([...(await filesBelow(rootfsDir)), initramfsInit, busybox]);
  return { format, suite, packages: guestPackages, kernel, modules: [...bootModules, ...lateModules], files };
}

/** Sixteen hex digits that name the image in the cache. */
export function inputsHash(inputs: ImageInputs | ServerImageInputs): string {
  return createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 16);
}
