import { describe, expect, test } from "vitest";
import { baseName, mayMap, namesOf, overlayName, rewriteDomain, writableFilesOf } from "./definition.ts";

const xml = `<domain type='qemu' id='7'>
  <name>g1</name><uuid>11111111-2222-4333-8444-555555555555</uuid>
  <metadata><belay:vm xmlns:belay="urn:belay:vm:1" generation="2"/><other:x xmlns:other="urn:other"/></metadata>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw' discard='unmap'/><source file='/a/g1.img' index='1'/><backingStore/><target dev='vda' bus='virtio'/><alias name='virtio-disk0'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/a/seed.iso'/><target dev='vdb' bus='virtio'/><readonly/></disk>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='vnet3'/></interface>
    <serial type='pty'><log file='/var/log/g1.log' append='on'/></serial>
  </devices>
</domain>`;
const disks = [{ target: "vda", path: "/a/g1.img.belay-11111111-ckp_1-abc.qcow2" }];
const memory = { path: "/dev/shm/belay/x.ram", sizeBytes: 268435456 };

describe("a domain's XML for a restore", () => {
  test("has the restored disk and the generation, and everything else as it was", () => {
    const made = rewriteDomain(xml, { disks, generation: 3 });
    expect(made).toContain('<source file="/a/g1.img.belay-11111111-ckp_1-abc.qcow2"/>');
    expect(made).toContain('<driver name="qemu" type="qcow2" discard="unmap"/>');
    expect(made).toContain('<source file="/a/seed.iso"/>');
    expect(made).toContain('generation="3"');
    expect(made).not.toContain('generation="2"');
    expect(made).toContain("urn:other");
    expect(made).not.toContain("/a/g1.img'");
    expect(made).not.toContain("backingStore");
    expect(made).not.toContain('id="7"');
    expect(made).not.toContain("qemu:commandline");
  });

  test("says of which restore its run is, where it is told, and names what it writes to", () => {
    const of = rewriteDomain(xml, { disks, generation: 3, run: "a1" });
    expect(of).toContain('restore="a1"');
    expect(rewriteDomain(of, { disks, generation: 3 })).not.toContain("restore=");
    expect(writableFilesOf(xml)).toEqual(["/a/g1.img"]);
  });

  test("maps the memory once, however often it is restored", () => {
    const provided = xml.replace(
      "</domain>",
      "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='-foo'/></qemu:commandline></domain>",
    );
    const once = rewriteDomain(provided, { disks, generation: 3, memory });
    const twice = rewriteDomain(once, { disks, generation: 4, memory: { ...memory, path: "/dev/shm/belay/y.ram" } });
    expect(twice.match(/mem-path=/g)).toHaveLength(1);
    expect(twice).toContain("y.ram");
    expect(twice).toContain("-foo");
    const read = rewriteDomain(twice, { disks, generation: 5 });
    expect(read).not.toContain("belay-ram");
    expect(read).not.toContain("-machine");
    expect(read).toContain("-foo");
  });

  test("beside itself it is somebody else, with its cable out", () => {
    const uuid = "99999999-2222-4333-8444-5555555555ff";
    const made = rewriteDomain(xml, { disks, generation: 0, beside: { name: "g1-look", uuid } });
    expect(made).toContain("<name>g1-look</name>");
    expect(made).toContain(`<uuid>${uuid}</uuid>`);
    expect(made).toContain('<link state="down"/>');
    expect(made).not.toContain("52:54:00:00:00:01");
    expect(made).not.toContain("vnet3");
    expect(made).not.toContain("g1.log");
  });

  test("beside itself it has no disk of the first one's that was attached since", () => {
    const since = xml.replace(
      "<interface",
      "<disk type='file' device='disk'><source file='/a/new.img'/><target dev='vdc' bus='virtio'/></disk><interface",
    );
    const uuid = "99999999-2222-4333-8444-5555555555ff";
    const made = rewriteDomain(since, { disks, generation: 0, beside: { name: "g1-look", uuid } });
    expect(made).not.toContain("/a/new.img");
    expect(made).toContain("/a/seed.iso");
    expect(made).toContain(disks[0]?.path);
    expect(rewriteDomain(since, { disks, generation: 3 })).toContain("/a/new.img");
  });

  test("refuses what it does not know", () => {
    expect(() => rewriteDomain(xml, { disks: [{ target: "vdz", path: "/x" }], generation: 1 })).toThrow(/vdz/);
    expect(() => rewriteDomain("<network/>", { disks: [], generation: 1 })).toThrow(/not a domain/);
  });

  test.each([
    ["", true],
    ["<memoryBacking><hugepages/></memoryBacking>", false],
    ["<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>", true],
    ["<cpu><numa><cell id='0'/></numa></cpu>", false],
    ["<maxMemory slots='4'>1</maxMemory>", false],
  ])("memory is mapped only where it is one ordinary block: %s", (more, expected) => {
    expect(mayMap(xml.replace("<devices>", `${more}<devices>`))).toBe(expected);
  });
});

test("names of files lie beside the disk, and do not grow", () => {
  const names = namesOf("/a/g1.img.belay-11111111-ckp_1-abc.qcow2", "g1", "vda");
  expect(overlayName(names, "11111111-ckp_2-def")).toBe("/a/g1.img.belay-11111111-ckp_2-def.qcow2");
  expect(baseName(namesOf("/a/g1.img", "g1", "vda"), "t")).toBe("/a/g1.img.belay-t.base");
  expect(namesOf("/dev/vg/lv", "g1", "vda")).toEqual({ directory: "/var/lib/libvirt/images", root: "g1-vda" });
});
