import { describe, expect, it } from "vitest";
import { cpioArchive } from "./cpio.ts";
import { dependsOf, loadOrder } from "./modules.ts";

describe("kernel modules", () => {
  it("finds what a module needs in its .modinfo", () => {
    const section = Buffer.from("ELF\0license=GPL\0depends=virtio,virtio_ring\0retpoline=Y\0", "latin1");
    expect(dependsOf(section)).toEqual(["virtio", "virtio_ring"]);
    expect(dependsOf(Buffer.from("\0depends=\0", "latin1"))).toEqual([]);
  });

  it("puts everything after what it needs, once", () => {
    const needs: Record<string, string[]> = {
      virtio_pci: ["virtio_ring", "virtio_pci_modern_dev", "virtio"],
      virtio: ["virtio_ring"],
      virtio_net: ["virtio", "net_failover"],
      net_failover: ["failover"],
    };
    const order = loadOrder(["virtio_pci", "virtio_net"], (name) => needs[name] ?? []);
    expect(order).toEqual([
      "virtio_ring",
      "virtio_pci_modern_dev",
      "virtio",
      "virtio_pci",
      "failover",
      "net_failover",
      "virtio_net",
    ]);
  });
});

describe("a cpio archive", () => {
  const archive = cpioArchive([
    { kind: "directory", path: "bin" },
    { kind: "file", path: "bin/a", data: Buffer.from("hello"), executable: true },
    { kind: "device", path: "dev/console", major: 5, minor: 1 },
  ]);
  /** Field number of the entry that starts at an offset: 8 hex digits each after the magic. */
  const field = (offset: number, number: number) =>
    Number.parseInt(archive.toString("latin1", offset + 6 + number * 8, offset + 14 + number * 8), 16);

  it("is newc, each entry at a multiple of four", () => {
    const offsets: number[] = [];
    for (let at = archive.indexOf("070701"); at >= 0; at = archive.indexOf("070701", at + 1)) offsets.push(at);
    expect(offsets).toHaveLength(4);
    expect(offsets.every((at) => at % 4 === 0)).toBe(true);
    const [directory = 0, file = 0, device = 0, trailer = 0] = offsets;
    expect(field(directory, 1)).toBe(0o040755);
    expect([field(file, 1), field(file, 6), field(file, 11)]).toEqual([0o100755, 5, "bin/a".length + 1]);
    expect([field(device, 1), field(device, 9), field(device, 10)]).toEqual([0o020600, 5, 1]);
    expect(archive.toString("latin1", trailer + 110, trailer + 120)).toBe("TRAILER!!!");
  });
});
