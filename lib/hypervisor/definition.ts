import { XMLParser } from "fast-xml-parser";
import { create } from "xmlbuilder2";
import { HypervisorRefused } from "../engine/ports.ts";

/** What Belay reads from, and writes into, a domain's XML. Pure. */

/** Belay's own element in a domain's metadata: `<belay:vm xmlns:belay="urn:belay:vm:1" generation="3"/>`. */
export const metadataUri = "urn:belay:vm:1";
export const metadataPrefix = "belay";

const list = ["domain.devices.disk", "domain.metadata.*"];
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  removeNSPrefix: true,
  parseAttributeValue: false,
  isArray: (_name, path) => list.includes(String(path)),
});

const at = (node: unknown, name: string): unknown =>
  typeof node === "object" && node !== null && name in node
    ? Object.entries(node).find(([key]) => key === name)?.[1]
    : undefined;
const textAt = (node: unknown, name: string): string | undefined => {
  const value = at(node, name);
  return typeof value === "string" && value !== "" ? value : undefined;
};

function sourceOf(disk: unknown): string | undefined {
  const source = at(disk, "source");
  const local = textAt(source, "@file") ?? textAt(source, "@dev") ?? textAt(source, "@dir");
  if (local !== undefined) return local;
  const pool = textAt(source, "@pool");
  if (pool !== undefined) return `pool://${pool}/${textAt(source, "@volume") ?? ""}`;
  const protocol = textAt(source, "@protocol");
  return protocol === undefined ? undefined : `${protocol}://${textAt(source, "@name") ?? ""}`;
}

/** Files and devices of all disks, also read-only ones: a start fails without any of them. Network disks as `rbd://POOL/IMAGE`. */
export function diskPathsOf(xml: string): string[] {
  const disks = at(at(at(parser.parse(xml), "domain"), "devices"), "disk");
  const sources = Array.isArray(disks) ? disks.map(sourceOf) : [];
  return [...new Set(sources.filter((source) => source !== undefined))];
}

/** Of these, the local files and devices that the guest may write to: what two hosts must really share before it moves live. */
export function writablePathsOf(xml: string): string[] {
  const disks = at(at(at(parser.parse(xml), "domain"), "devices"), "disk");
  const writable = Array.isArray(disks) ? disks.filter((disk) => at(disk, "readonly") === undefined) : [];
  return writable
    .map(sourceOf)
    .filter((source) => source?.startsWith("/") === true)
    .filter((source) => source !== undefined);
}

/** The generation in Belay's element, as libvirt gives it; null for anything else. */
export function generationOf(metadata: string | undefined): number | null {
  if (metadata === undefined) return null;
  const generation = textAt(at(parser.parse(metadata), "vm"), "@generation");
  return generation !== undefined && /^\d{1,15}$/.test(generation) ? Number(generation) : null;
}

/** Belay's element without prefix: libvirt adds that itself. */
export const metadataElement = (generation: number) => `<vm generation="${generation}"/>`;

/** The same definition with this generation in its metadata, in the place of any older one. */
export function withGeneration(xml: string, generation: number): string {
  const document = create(xml);
  const root = document.root();
  if (root.node.nodeName !== "domain") throw new HypervisorRefused("The definition of the VM is not a domain's.");
  let metadata = root.find((child) => child.node.nodeName === "metadata");
  if (metadata === undefined) metadata = root.ele("metadata");
  for (;;) {
    const stale = metadata.find((child) => {
      const { node } = child;
      return node.nodeType === node.ELEMENT_NODE && "namespaceURI" in node && node.namespaceURI === metadataUri;
    });
    if (stale === undefined) break;
    stale.remove();
  }
  metadata.ele(metadataUri, `${metadataPrefix}:vm`, { generation: String(generation) });
  return root.toString();
}
