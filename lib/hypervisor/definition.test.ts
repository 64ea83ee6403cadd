import { describe, expect, test } from "vitest";
import { diskPathsOf, generationOf, withGeneration, writablePathsOf } from "./definition.ts";

const domain = (metadata: string) => `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>a &amp; b</name>${metadata}
  <devices>
    <disk type='file' device='disk'><source file='/srv/a.qcow2' index='1'/><target dev='vda'/></disk>
    <disk type='block' device='disk'><source dev='/dev/vg/b'/><target dev='vdb'/></disk>
    <disk type='network' device='disk'><source protocol='rbd' name='pool/image'><host name='mon'/></source></disk>
    <disk type='volume' device='disk'><source pool='p' volume='v'/></disk>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <disk type='file' device='cdrom'><source file='/srv/seed.iso'/><readonly/></disk>
  </devices>
  <qemu:commandline><qemu:arg value='-no-hpet'/></qemu:commandline>
</domain>`;
const old = (generation: string) => `<belay:vm xmlns:belay="urn:belay:vm:1" generation="${generation}"/>`;

test("the disks of a domain", () => {
  const disks = ["/srv/a.qcow2", "/dev/vg/b", "rbd://pool/image", "pool://p/v", "/srv/seed.iso"];
  expect(diskPathsOf(domain(""))).toEqual(disks);
  expect(writablePathsOf(domain(""))).toEqual(["/srv/a.qcow2", "/dev/vg/b"]);
  expect(diskPathsOf("<domain><devices/></domain>")).toEqual([]);
  expect(diskPathsOf("<domain><devices><disk><source file='/one'/></disk></devices></domain>")).toEqual(["/one"]);
});

describe("the generation in the metadata", () => {
  test.each([
    [undefined, null],
    [old("7"), 7],
    [`<vm xmlns="urn:belay:vm:1" generation='12'/>`, 12],
    [old("-1"), null],
    [old("x"), null],
    ["<other/>", null],
  ])("%s: %s", (metadata, generation) => expect(generationOf(metadata)).toBe(generation));

  const other = '<o:app xmlns:o="urn:other">kept</o:app>';
  test.each([
    ["without metadata", ""],
    ["with an older one and somebody else's", `<metadata>${old("3")}${other}</metadata>`],
    ["with an older one twice", `<metadata>${old("3")}${old("4")}</metadata>`],
    ["with an empty one", "<metadata/>"],
  ])("is written into a definition %s", (_words, metadata) => {
    const written = withGeneration(domain(metadata), 9);
    expect(written.match(/<belay:vm[^>]*>/g)).toEqual([old("9")]);
    expect(written.includes("kept")).toBe(metadata.includes("kept"));
    expect(written).toContain("a &amp; b");
    expect(written).toContain('xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"');
    expect(diskPathsOf(written)).toEqual(diskPathsOf(domain(metadata)));
    expect(withGeneration(written, 9)).toBe(written);
  });

  test("is refused for what is no domain", () =>
    expect(() => withGeneration("<network/>", 1)).toThrow("not a domain's"));
});
