import path from "node:path";
import { create } from "xmlbuilder2";
import { HypervisorRefused } from "../../engine/ports.ts";
import { mappedBlock } from "../stream/index.ts";

/** What a domain's XML becomes for a restore. Pure. */

const qemuNamespace = "http://libvirt.org/schemas/domain/qemu/1.0";
/** As lib/hypervisor reads it. */
const metadataUri = "urn:belay:vm:1";

type Node = ReturnType<typeof create>;

export interface RestoredDisk {
  /** `vda` */
  readonly target: string;
  /** The qcow2 file that takes its place. */
  readonly path: string;
}

export interface Rewrite {
  readonly disks: readonly RestoredDisk[];
  readonly generation: number;
  /** In the metadata of the run that is restored, and nowhere else. */
  readonly run?: string;
  /** Its main memory is mapped from this file. */
  readonly memory?: { readonly path: string; readonly sizeBytes: number };
  readonly beside?: { readonly name: string; readonly uuid: string };
}

const isElement = (node: Node, name?: string): boolean =>
  node.node.nodeType === node.node.ELEMENT_NODE && (name === undefined || node.node.nodeName === name);

function children(node: Node, name: string): Node[] {
  const found: Node[] = [];
  node.each((child) => {
    if (isElement(child, name)) found.push(child);
  });
  return found;
}
const child = (node: Node | undefined, name: string): Node | undefined => node && children(node, name)[0];

function attribute(node: Node | undefined, name: string): string | undefined {
  const element = node?.node;
  if (element === undefined || !("getAttribute" in element) || typeof element.getAttribute !== "function")
    return undefined;
  const value: unknown = element.getAttribute(name);
  return typeof value === "string" ? value : undefined;
}

/** Takes away every child element that `is` true of. */
function removeChildren(node: Node, is: (child: Node) => boolean): void {
  const gone: Node[] = [];
  node.each((it) => {
    if (isElement(it) && is(it)) gone.push(it);
  });
  for (const it of gone) it.remove();
}

function setDisk(devices: Node, { target, path: file }: RestoredDisk): void {
  const disk = children(devices, "disk").find((it) => attribute(child(it, "target"), "dev") === target);
  if (disk === undefined) throw new HypervisorRefused(`The definition of the VM has no disk ${target} any more.`);
  removeChildren(disk, ({ node }) => ["source", "backingStore", "mirror", "encryption"].includes(node.nodeName));
  disk.att("type", "file");
  const driver = child(disk, "driver") ?? disk.ele("driver", { name: "qemu" });
  driver.att("type", "qcow2");
  disk.ele("source", { file });
}

const ours = (argument: Node): boolean => attribute(argument, "value")?.includes(mappedBlock) === true;

/** Without what an earlier restore had added to map the memory; other arguments of the provider's stay. */
function unmap(root: Node): void {
  for (const line of children(root, "qemu:commandline")) {
    const all = children(line, "qemu:arg");
    all.forEach((argument, i) => {
      const before = all[i - 1];
      if (!ours(argument)) return;
      if (before !== undefined && ["-object", "-machine"].includes(attribute(before, "value") ?? "")) before.remove();
      argument.remove();
    });
    if (children(line, "qemu:arg").length === 0 && children(line, "qemu:env").length === 0) line.remove();
  }
}

function map(root: Node, { path: file, sizeBytes }: { readonly path: string; readonly sizeBytes: number }): void {
  const line = child(root, "qemu:commandline") ?? root.ele(qemuNamespace, "qemu:commandline");
  const object = `memory-backend-file,id=${mappedBlock},size=${sizeBytes},mem-path=${file},share=on`;
  for (const value of ["-object", object, "-machine", `memory-backend=${mappedBlock}`])
    line.ele(qemuNamespace, "qemu:arg", { value });
}

function setGeneration(root: Node, generation: number, run: string | undefined): void {
  const metadata = child(root, "metadata") ?? root.ele("metadata");
  removeChildren(metadata, ({ node }) => "namespaceURI" in node && node.namespaceURI === metadataUri);
  metadata.ele(metadataUri, "belay:vm", { generation: String(generation), ...(run !== undefined && { restore: run }) });
}

/** A locally administered address that belongs to this UUID and card: the same each time that it is asked for. */
const macOf = (uuid: string, card: number): string => {
  const digits = uuid.replaceAll("-", "").slice(-8);
  const bytes = ["02", "be", digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 6)];
  const last = (Number.parseInt(digits.slice(6, 8), 16) + card) % 256;
  return [...bytes, last.toString(16).padStart(2, "0")].join(":");
};

function makeAnother(
  root: Node,
  devices: Node,
  { name, uuid }: { readonly name: string; readonly uuid: string },
): void {
  if (child(child(root, "os"), "nvram") !== undefined)
    throw new HypervisorRefused("A VM with UEFI variables of its own cannot be restored beside itself.");
  const text = (tag: string, value: string) => {
    const node = child(root, tag) ?? root.ele(tag);
    node.each((it) => {
      it.remove();
    });
    node.txt(value);
  };
  text("name", name);
  text("uuid", uuid);
  children(devices, "interface").forEach((card, i) => {
    removeChildren(card, ({ node }) => ["link", "target"].includes(node.nodeName));
    const mac = child(card, "mac") ?? card.ele("mac");
    mac.att("address", macOf(uuid, i));
    card.ele("link", { state: "down" });
  });
  // What the first one writes to is not this one's: logs of its consoles, sockets that have a name.
  for (const kind of ["serial", "console", "parallel", "channel"])
    for (const device of children(devices, kind)) {
      removeChildren(device, ({ node }) => node.nodeName === "log");
      if (attribute(device, "type") === "unix" && kind === "channel")
        removeChildren(device, ({ node }) => node.nodeName === "source");
    }
}

/** Disks that were attached after it was saved are the first one's: a copy of it may not write to them. */
function removeOthersDisks(devices: Node, disks: readonly RestoredDisk[]): void {
  const restored = new Set(disks.map(({ target }) => target));
  removeChildren(devices, (it) => {
    if (!isElement(it, "disk") || !isWritable(it)) return false;
    return !restored.has(attribute(child(it, "target"), "dev") ?? "");
  });
}

/** Both for the definition that is kept and, with `memory` or without, for the run that is restored. */
export function rewriteDomain(xml: string, { disks, generation, run, memory, beside }: Rewrite): string {
  const root = create(xml).root();
  if (root.node.nodeName !== "domain") throw new HypervisorRefused("The definition of the VM is not a domain's.");
  removeChildren(root, ({ node }) => node.nodeName === "seclabel" && beside !== undefined);
  root.removeAtt("id");
  const devices = child(root, "devices");
  if (devices === undefined) throw new HypervisorRefused("The definition of the VM has no devices.");
  for (const disk of disks) setDisk(devices, disk);
  setGeneration(root, generation, run);
  unmap(root);
  if (memory !== undefined) map(root, memory);
  if (beside !== undefined) {
    makeAnother(root, devices, beside);
    removeOthersDisks(devices, disks);
  }
  return root.toString();
}

const isWritable = (disk: Node): boolean =>
  ["disk", "lun"].includes(attribute(disk, "device") ?? "disk") && child(disk, "readonly") === undefined;

/** Files of the disks that it writes to. */
export function writableFilesOf(xml: string): string[] {
  const devices = child(create(xml).root(), "devices");
  return (devices ? children(devices, "disk") : []).flatMap((disk) => {
    const file = isWritable(disk) ? attribute(child(disk, "source"), "file") : undefined;
    return file?.startsWith("/") ? [file] : [];
  });
}

/** Of all of its disks: `vda`. */
export function targetsOf(xml: string): string[] {
  const devices = child(create(xml).root(), "devices");
  return (devices ? children(devices, "disk") : []).flatMap((disk) => attribute(child(disk, "target"), "dev") ?? []);
}

/** Whether its main memory can be mapped from a file: one block, of ordinary pages, that nothing else is told of. */
export function mayMap(xml: string): boolean {
  const root = create(xml).root();
  // Where its bytes came from, and whether they were shared, is ours to say; huge or locked pages are not.
  const backing: string[] = [];
  child(root, "memoryBacking")?.each((it) => void (isElement(it) && backing.push(it.node.nodeName)));
  if (backing.some((it) => it !== "source" && it !== "access") || child(root, "maxMemory") !== undefined) return false;
  if (child(child(root, "cpu"), "numa") !== undefined) return false;
  const devices = child(root, "devices");
  return devices !== undefined && children(devices, "memory").length === 0 && children(devices, "hostdev").length === 0;
}

const made = /\.belay-[0-9a-z_-]+\.qcow2$/;
/** Where files that replace this disk lie: beside it. A device has no such place. */
export const restoreDir = "/var/lib/libvirt/images";

export interface DiskNames {
  readonly directory: string;
  /** Without what an earlier restore had added. */
  readonly root: string;
}

export function namesOf(disk: string, vm: string, target: string): DiskNames {
  if (disk.startsWith("/dev/")) return { directory: restoreDir, root: `${vm.replaceAll("/", "_")}-${target}` };
  return { directory: path.posix.dirname(disk), root: path.posix.basename(disk).replace(made, "") };
}
export const baseName = ({ directory, root }: DiskNames, token: string) =>
  path.posix.join(directory, `${root}.belay-${token}.base`);
export const overlayName = ({ directory, root }: DiskNames, token: string) =>
  path.posix.join(directory, `${root}.belay-${token}.qcow2`);
