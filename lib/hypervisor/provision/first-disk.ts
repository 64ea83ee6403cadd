import { create } from "xmlbuilder2";
import type { XMLBuilder } from "xmlbuilder2/lib/interfaces";
import { HypervisorRefused } from "../../engine/ports.ts";
import type { Image } from "../../model/index.ts";

/** The disk of a domain that its guest boots from, in its XML. Pure. */

const childOf = (parent: XMLBuilder, name: string) => parent.find((child) => child.node.nodeName === name);
const attribute = (element: XMLBuilder, name: string): string | null => {
  const { node } = element;
  return node.nodeType === node.ELEMENT_NODE && "getAttribute" in node && typeof node.getAttribute === "function"
    ? node.getAttribute(name)
    : null;
};

/** The first one that the guest may write to, with its file. */
function firstDisk(root: XMLBuilder): { readonly disk: XMLBuilder; readonly file: string } {
  if (root.node.nodeName !== "domain") throw new HypervisorRefused("The definition of the VM is not a domain's.");
  const disk = childOf(root, "devices")?.find(
    (child) =>
      child.node.nodeName === "disk" &&
      ["disk", null].includes(attribute(child, "device")) &&
      childOf(child, "readonly") === undefined,
  );
  const source = disk && childOf(disk, "source");
  const file = source && attribute(source, "file");
  if (!disk || !file)
    throw new HypervisorRefused("The VM's first disk is no file, so no fresh one can take its place.");
  return { disk, file };
}

export const firstDiskOf = (xml: string): string => firstDisk(create(xml).root()).file;

/**
 * The same definition with a fresh disk in the first one's place: a qcow2 over the image, told down to its end, so that nothing is left of
 * what the old disk lay over. A kernel that is loaded from outside is the image's own: the modules on the fresh disk are for that one.
 */
export function withFirstDisk(xml: string, file: string, image: Image): string {
  const root = create(xml).root();
  const { disk } = firstDisk(root);
  for (const stale of ["source", "backingStore", "mirror"]) childOf(disk, stale)?.remove();
  disk.att("type", "file");
  const driver = childOf(disk, "driver") ?? disk.ele("driver", { name: "qemu" });
  driver.att("type", "qcow2");
  disk.ele("source", { file });
  const backing = disk.ele("backingStore", { type: "file" });
  backing.ele("format", { type: image.format });
  backing.ele("source", { file: image.path });
  backing.ele("backingStore");
  if (image.boot.kind === "kernel") {
    const os = childOf(root, "os") ?? root.ele("os");
    for (const stale of ["kernel", "initrd", "cmdline"]) childOf(os, stale)?.remove();
    os.ele("kernel").txt(image.boot.kernel);
    os.ele("initrd").txt(image.boot.initrd);
    os.ele("cmdline").txt(image.boot.commandLine);
  }
  return root.toString();
}
