import { XMLParser } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { type Image, idSource } from "../../model/index.ts";
import { domainXml } from "../../provision/index.ts";
import { diskPathsOf, withGeneration } from "../definition.ts";
import { formatOf } from "./check-image.ts";
import { firstDiskOf, withFirstDisk } from "./first-disk.ts";
import { readMachine } from "./machine.ts";

const ids = idSource(() => 0, Math.random);
const image = (more: Partial<Image> = {}): Image => ({
  id: ids.next("img"),
  name: "bare",
  sha256: "",
  sizeBytes: 1,
  path: "/images/new/root.qcow2",
  format: "qcow2",
  boot: { kind: "kernel", kernel: "/images/new/vmlinuz", initrd: "/images/new/initrd.img", commandLine: "a <&>" },
  words: "",
  ...more,
});
const made = withGeneration(
  domainXml({
    name: "db-1",
    uuid: "7044039c-07d3-4c24-a690-07ef7e6ec446",
    memoryMiB: 256,
    type: "qemu",
    boot: { kind: "kernel", kernel: "/images/old/vmlinuz", initrd: "/images/old/initrd.img", commandLine: "old" },
    disk: { path: "/shared/db-1.qcow2", backing: { path: "/images/old/root.qcow2", format: "qcow2" } },
    seed: "/shared/seed.iso",
    bridge: "br0",
    mac: "5a:00:00:00:00:01",
    onCrash: "preserve",
  }),
  3,
);
const parse = (xml: string): unknown => new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "@" }).parse(xml);

describe("the first disk of a definition", () => {
  it("gives way to a fresh one, with nothing left of what it lay over; all else stays", () => {
    expect(firstDiskOf(made)).toBe("/shared/db-1.qcow2");
    const renewed = withFirstDisk(made, "/shared/fresh.qcow2", image());
    expect(diskPathsOf(renewed)).toEqual(["/shared/fresh.qcow2", "/shared/seed.iso"]);
    expect(parse(renewed)).toMatchObject({
      domain: {
        metadata: { "belay:vm": { "@generation": "3" } },
        os: { kernel: "/images/new/vmlinuz", initrd: "/images/new/initrd.img", cmdline: "a <&>" },
        devices: {
          disk: [
            {
              "@type": "file",
              driver: { "@type": "qcow2", "@discard": "unmap" },
              backingStore: {
                "@type": "file",
                format: { "@type": "qcow2" },
                source: { "@file": "/images/new/root.qcow2" },
                backingStore: "",
              },
              target: { "@dev": "vda", "@bus": "virtio" },
            },
            { target: { "@dev": "vdb" } },
          ],
        },
      },
    });
    expect(renewed).not.toContain("/images/old");
    expect(renewed.match(/backingStore/g)).toHaveLength(3);
    expect(withFirstDisk(renewed, "/shared/fresh.qcow2", image())).toBe(renewed);
  });

  it("is not a CD, nor one that is read only; a raw one becomes a qcow2 over the image", () => {
    const xml = `<domain><os><kernel>/own</kernel></os><devices>
      <disk type='file' device='cdrom'><source file='/cd.iso'/></disk>
      <disk type='file'><source file='/seed.iso'/><readonly/></disk>
      <disk type='file' device='disk'><driver type='raw'/><source file='/a.raw'/><target dev='sda'/></disk>
    </devices></domain>`;
    expect(firstDiskOf(xml)).toBe("/a.raw");
    const renewed = withFirstDisk(xml, "/b.qcow2", image({ boot: { kind: "disk" }, format: "raw" }));
    expect(parse(renewed)).toMatchObject({
      domain: {
        os: { kernel: "/own" },
        devices: { disk: [{}, {}, { driver: { "@type": "qcow2" }, backingStore: { format: { "@type": "raw" } } }] },
      },
    });
  });

  it.each([
    ["a block device", "<domain><devices><disk type='block'><source dev='/dev/a'/></disk></devices></domain>"],
    ["no disk", "<domain><devices/></domain>"],
    ["no domain", "<network/>"],
  ])("of %s is refused in words", (_, xml) => {
    expect(() => firstDiskOf(xml)).toThrow(/^The .*\.$/);
  });
});

describe("what a host says", () => {
  it("of its machines: KVM where libvirt names it", () => {
    const said = (domain: string) =>
      `<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>${domain}</domain></domainCapabilities>`;
    expect(readMachine(said("kvm"))).toEqual({ type: "kvm", emulator: "/usr/bin/qemu-system-x86_64" });
    expect(readMachine(said("qemu")).type).toBe("qemu");
    expect(() => readMachine("<other/>")).toThrow("does not say");
  });

  it.each([
    ['{"format": "qcow2", "virtual-size": 1}', "qcow2"],
    ["{}", undefined],
    ["[]", undefined],
    ["qemu-img: no", undefined],
  ])("of an image: %s", (said, format) => {
    expect(formatOf(said)).toBe(format);
  });
});
