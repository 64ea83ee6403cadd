import { constants, copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { GuestNetwork, Image } from "../../lib/model/index.ts";
import { labPaths, sharedMount } from "../paths.ts";
import { hostNetwork, requireRecord } from "../state.ts";
import { givenAddresses, prefixLength } from "../subnet.ts";
import { type EnsureImageOptions, ensureImage } from "./image.ts";
import { type ImageName, linuxCommandLine } from "./inputs.ts";
import { noteHandedOut } from "./old-images.ts";

/** What Belay's registry of images is told of one of the lab's. */
export type LabImage = Omit<Image, "id">;

const words = {
  web: "Debian 12 with a small web server.",
  bare: "Debian 12 with SSH and nothing that serves.",
  prepared: "Debian 12 with Apache httpd, PHP, HAProxy and MariaDB, none of them started.",
} as const satisfies Record<ImageName, string>;

const inShared = "images";

/** A provider's images lie where its hosts share their disks, so that a VM made of one can go to any of them. */
async function putOnSharedStorage(lab: string, dir: string, hash: string): Promise<void> {
  const there = path.join(labPaths(lab).shared, inShared, hash);
  await mkdir(there, { recursive: true });
  for (const file of ["root.qcow2", "vmlinuz", "initrd.img"]) {
    const draft = path.join(there, `.${file}.${process.pid}`);
    const from = path.join(dir, file);
    await rm(draft, { force: true });
    // Images are only read. Where the cache lies on another file system a copy must do.
    await link(from, draft).catch(() => copyFile(from, draft, constants.COPYFILE_FICLONE));
    await rename(draft, path.join(there, file));
    await rm(draft, { force: true }); // a link renamed over another one of the same file stays
  }
}

/**
 * An image of the lab as each of its hosts sees it, built first where it is missing. It is not removed from then on as long as the lab is
 * there: VMs may be made of it that the lab knows nothing of.
 */
export async function labImage(
  lab: string,
  image: ImageName,
  watch: Omit<EnsureImageOptions, "image"> = {},
): Promise<LabImage> {
  await requireRecord(lab);
  const { hash, dir, sha256, sizeBytes } = await ensureImage({ ...watch, image });
  await noteHandedOut(lab, hash);
  await putOnSharedStorage(lab, dir, hash);
  const at = (file: string) => path.posix.join(sharedMount, inShared, hash, file);
  return {
    name: image,
    sha256,
    sizeBytes,
    path: at("root.qcow2"),
    format: "qcow2",
    boot: { kind: "kernel", kernel: at("vmlinuz"), initrd: at("initrd.img"), commandLine: linuxCommandLine },
    words: words[image],
  };
}

/** Addresses for VMs that Belay makes: none that `guest create` ever gives. */
export async function labNetwork(lab: string): Promise<GuestNetwork> {
  const { index } = await requireRecord(lab);
  return { bridge: "br0", ...givenAddresses(index), prefixLength, gateway: hostNetwork(index, 1).gateway };
}
