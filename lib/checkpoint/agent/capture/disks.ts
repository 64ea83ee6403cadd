import { createHash } from "node:crypto";
import { XMLParser } from "fast-xml-parser";
import { asList, asNumber, asRecord, asText } from "../monitor.ts";

/** A disk of a running VM that the guest may write to. */
export interface LiveDisk {
  /** "vda" */
  readonly target: string;
  readonly volume: string;
  readonly path: string;
  readonly format: string;
  /** QEMU's name of its node. */
  readonly node: string;
  readonly sizeBytes: number;
  /** What its file takes, those below it included, as far as QEMU knows. */
  readonly usedBytes: number;
  readonly bitmaps: readonly { readonly name: string; readonly dirtyBytes: number; readonly usable: boolean }[];
}

export type DisksFound =
  | { readonly ok: true; readonly disks: readonly LiveDisk[] }
  | { readonly ok: false; readonly words: string };

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseAttributeValue: false,
  isArray: (name) => name === "disk",
});

/** The last ones that were read: a VM that is saved every few seconds has the same each time, and reading it costs more than all else. */
const lastRead = new Map<string, ReturnType<typeof readDisks>>();
const mostRead = 64;

function writableDisks(xml: string): ReturnType<typeof readDisks> {
  const key = createHash("sha256").update(xml).digest("base64"); // not the text itself: it has secrets
  const known = lastRead.get(key) ?? readDisks(xml);
  lastRead.delete(key);
  lastRead.set(key, known);
  const [oldest] = lastRead.keys();
  if (lastRead.size > mostRead && oldest !== undefined) lastRead.delete(oldest);
  return known;
}

/** libvirt's disks that a guest writes to: target, alias, path. */
function readDisks(xml: string): { target: string; alias: string; path: string; odd: string | undefined }[] {
  const domain = asRecord(asRecord(parser.parse(xml)).domain);
  return asList(asRecord(domain.devices).disk).flatMap((disk) => {
    const device = asText(disk.device) || "disk";
    if ("readonly" in disk || device === "cdrom" || device === "floppy") return [];
    const target = asText(asRecord(disk.target).dev);
    const source = asRecord(disk.source);
    const path = asText(source.file) || asText(source.dev);
    const odd =
      device !== "disk"
        ? `Disk ${target} is passed through.`
        : path === ""
          ? `Disk ${target} is not a file or block device of the host.`
          : "shareable" in disk
            ? `Disk ${target} is shared with other VMs.`
            : undefined;
    return [{ target, alias: asText(asRecord(disk.alias).name), path, odd }];
  });
}

function usedBytes(image: Record<string, unknown>): number {
  const below = image["backing-image"];
  return asNumber(image["actual-size"]) + (below === undefined ? 0 : usedBytes(asRecord(below)));
}

/** Joins libvirt's XML of the running domain with QEMU's `query-block`. Pure. */
export function findDisks(xml: string, queryBlock: unknown): DisksFound {
  const devices = asList(queryBlock);
  const disks: LiveDisk[] = [];
  for (const { target, alias, path, odd } of writableDisks(xml)) {
    if (odd) return { ok: false, words: odd };
    const device = devices.find(
      ({ qdev, device }) => asText(device) === `drive-${alias}` || asText(qdev).split("/").includes(alias),
    );
    const inserted = asRecord(device?.inserted);
    const image = asRecord(inserted.image);
    const node = asText(inserted["node-name"]);
    if (alias === "" || node === "") return { ok: false, words: `QEMU does not know disk ${target}.` };
    if (inserted.encrypted === true) return { ok: false, words: `Disk ${target} is encrypted by QEMU.` };
    const bitmaps = [...asList(inserted["dirty-bitmaps"]), ...asList(device?.["dirty-bitmaps"])];
    disks.push({
      ...{ target, volume: `disk/${target}`, path, format: asText(inserted.drv), node },
      sizeBytes: asNumber(image["virtual-size"]),
      usedBytes: usedBytes(image),
      bitmaps: bitmaps.map((bitmap) => ({
        name: asText(bitmap.name),
        dirtyBytes: asNumber(bitmap.count),
        usable: bitmap.recording === true && bitmap.busy !== true && bitmap.inconsistent !== true,
      })),
    });
  }
  return { ok: true, disks };
}
