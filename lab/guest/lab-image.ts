import path from "node:path";
import type { GuestNetwork, Image } from "../../lib/model/index.ts";
import { imagesMount } from "../paths.ts";
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
  const { hash, sha256, sizeBytes } = await ensureImage({ ...watch, image });
  await noteHandedOut(lab, hash);
  const at = (file: string) => path.posix.join(imagesMount, hash, file);
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
