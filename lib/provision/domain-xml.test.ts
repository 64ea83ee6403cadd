import { XMLParser } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { type DomainSpec, domainXml } from "./domain-xml.ts";

const spec: DomainSpec = {
  name: "web-1",
  uuid: "7044039c-07d3-4c24-a690-07ef7e6ec446",
  memoryMiB: 256,
  type: "qemu",
  boot: {
    kind: "kernel",
    kernel: "/images/vmlinuz",
    initrd: "/images/initrd.img",
    commandLine: 'quiet a="b" <&>',
  },
  disk: { path: "/shared/web-1.qcow2", backing: { path: "/images/root.qcow2", format: "qcow2" } },
  seed: "/shared/web-1-seed.iso",
  bridge: "br0",
  mac: "52:54:03:00:00:01",
  consoleLog: "/log/web-1",
  onCrash: "preserve",
};

const parse = (xml: string): unknown => new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "@" }).parse(xml);

describe("a guest's domain", () => {
  it("says what libvirt is to do in each case, and carries the devices Belay relies on", () => {
    expect(parse(domainXml(spec))).toMatchObject({
      domain: {
        "@type": "qemu",
        memory: { "@unit": "MiB", "#text": 256 },
        vcpu: 1,
        os: { kernel: "/images/vmlinuz", initrd: "/images/initrd.img" },
        on_poweroff: "destroy",
        on_reboot: "restart",
        on_crash: "preserve",
        devices: {
          channel: { target: { "@name": "org.qemu.guest_agent.0", "@type": "virtio" } },
          panic: { "@model": "isa" },
          interface: {
            mac: { "@address": "52:54:03:00:00:01" },
            source: { "@bridge": "br0" },
            model: { "@type": "virtio" },
          },
        },
      },
    });
  });

  it("puts the overlay first with its backing file told, and the seed second, read-only", () => {
    expect(parse(domainXml(spec))).toMatchObject({
      domain: {
        devices: {
          disk: [
            {
              target: { "@dev": "vda" },
              backingStore: { source: { "@file": "/images/root.qcow2" }, backingStore: "" },
            },
            { target: { "@dev": "vdb" }, readonly: "", source: { "@file": "/shared/web-1-seed.iso" } },
          ],
        },
      },
    });
  });

  it("escapes what XML cannot hold", () => {
    expect(parse(domainXml(spec))).toMatchObject({ domain: { os: { cmdline: 'quiet a="b" <&>' } } });
    expect(domainXml(spec)).toContain("&lt;&amp;&gt;");
  });

  it("asks for the host's processor only with KVM", () => {
    expect(parse(domainXml({ ...spec, type: "kvm", vcpus: 2 }))).toMatchObject({
      domain: { "@type": "kvm", vcpu: 2, cpu: { "@mode": "host-passthrough" } },
    });
    expect(parse(domainXml({ ...spec, type: "kvm", cpu: "host-model" }))).toMatchObject({
      domain: { cpu: { "@mode": "host-model" } },
    });
  });

  it("boots from its disk where the image has a boot loader of its own", () => {
    const xml = domainXml({ ...spec, boot: { kind: "disk" } });
    expect(parse(xml)).toMatchObject({ domain: { os: { boot: { "@dev": "hd" } } } });
    expect(xml).not.toContain("<kernel>");
  });
});
