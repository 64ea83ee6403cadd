import { expect, it } from "vitest";
import { diskNote, readDiskNote } from "./disk-note.ts";

const disk = (file: string, target: string) =>
  `<disk type="file" device="disk"><source file="${file}"/><target dev="${target}"/></disk>`;
const domain = (...disks: string[]) => `<domain><devices>${disks.join("")}<interface/></devices></domain>`;
const seed = disk("/vms/seed.iso", "sda");
const own = {
  xml: domain(seed, disk("/vms/a.qcow2", "vda"), disk("/vms/b.qcow2", "vdb")),
  diskPaths: ["/vms/a.qcow2", "/vms/b.qcow2"],
  persistent: true,
};
const restored = {
  xml: domain(seed, disk("/vms/a.belay-1.qcow2", "vda"), disk("/vms/b.belay-1.qcow2", "vdb")),
  diskPaths: ["/vms/a.belay-1.qcow2", "/vms/b.belay-1.qcow2"],
};

it("finds a VM's own disks again in a definition that a restore has left", () => {
  expect(readDiskNote(diskNote(own), restored)).toEqual(own);
  expect(readDiskNote(diskNote(own), own)).toEqual(own);
});

it.each<[string, string | null | undefined]>([
  ["no note", null],
  ["another note", "The host refused it: no space left."],
  ["a note of something else", JSON.stringify({ disks: [] })],
])("has nothing to say of %s", (_, detail) => {
  expect(readDiskNote(detail, restored)).toBeUndefined();
});

it("does not take the disks of a VM that has fewer by now", () => {
  const fewer = { xml: domain(seed), diskPaths: ["/vms/seed.iso"] };
  expect(readDiskNote(diskNote(own), fewer)).toBeUndefined();
});
