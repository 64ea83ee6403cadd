import { XMLParser } from "fast-xml-parser";
import { create } from "xmlbuilder2";
import type { SimDomain, SimGuest } from "./types.ts";

const written = new WeakMap<SimDomain, string>();

/** Domain XML as libvirt shows it, as far as the simulated cloud has anything to say (libvirt.org/formatdomain.html). */
export function toXml(domain: SimDomain, guest: SimGuest): string {
  const xml = written.get(domain) ?? write(domain, guest);
  written.set(domain, xml); // domains are replaced, never changed, and a guest's onCrash stays
  return xml;
}

const write = (domain: SimDomain, guest: SimGuest): string =>
  create({
    domain: {
      "@type": "qemu",
      name: domain.name,
      uuid: domain.uuid,
      memory: { "@unit": "KiB", "#": domain.memoryMiB * 1024 },
      ...metadataOf(domain.generation),
      vcpu: domain.vcpus,
      on_poweroff: "destroy",
      on_reboot: "restart",
      on_crash: guest.onCrash,
      devices: { disk: { "@type": "file", source: { "@file": domain.diskPath } } },
    },
  }).end({ prettyPrint: true, headless: true });

/** Belay's own element, as lib/hypervisor writes it. */
const metadataOf = (generation: number | null) =>
  generation === null
    ? {}
    : { metadata: { "belay:vm": { "@xmlns:belay": "urn:belay:vm:1", "@generation": String(generation) } } };

const parser = new XMLParser({ parseTagValue: false });
const sourceFile = /<source file="([^"]*)"/;

const textAt = (value: unknown, key: string): string | undefined => {
  if (typeof value !== "object" || value === null || !(key in value)) return undefined;
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  if (typeof found === "string") return found;
  return textAt(found, "#text");
};

/** What a start from `xml` makes, or undefined where libvirt would refuse it. Domains started so are transient. */
export function fromXml(
  xml: string,
): Pick<SimDomain, "name" | "uuid" | "memoryMiB" | "vcpus" | "persistent" | "diskPath"> | undefined {
  const root: unknown = parser.parse(xml);
  const domain = typeof root === "object" && root !== null && "domain" in root ? root.domain : undefined;
  const [name, uuid] = [textAt(domain, "name"), textAt(domain, "uuid")];
  const [memory, vcpus] = [Number(textAt(domain, "memory")), Number(textAt(domain, "vcpu"))];
  const diskPath = sourceFile.exec(xml)?.[1];
  if (name === undefined || uuid === undefined || diskPath === undefined) return undefined;
  if (!(memory > 0) || !(vcpus > 0)) return undefined;
  return { name, uuid, memoryMiB: memory / 1024, vcpus, persistent: false, diskPath };
}
