import { expect, test } from "vitest";
import { readMappings } from "../../qemu-process.ts";
import { mappingOf, mostSharedBytes, sharedOf } from "./find.ts";

const memdev = { id: "pc.ram", size: 268_435_456, share: true };

test.each([
  ["one shared piece", [memdev], { block: "pc.ram", sizeBytes: 268_435_456 }],
  [
    "that of a guest that was restored, not what libvirt had asked for",
    [memdev, { ...memdev, id: "belay-ram" }],
    { block: "belay-ram" },
  ],
  ["one that is QEMU's own", [{ ...memdev, share: false }], { ok: false }],
  ["one restored by an older Belay", [memdev, { ...memdev, id: "belay-ram", share: false }], { ok: false }],
  [
    "several, as of a machine with NUMA",
    [
      { ...memdev, id: "ram-node0" },
      { ...memdev, id: "ram-node1" },
    ],
    { ok: false },
  ],
  ["modules of memory, or memory between VMs, besides", [memdev, { ...memdev, id: "memdimm0" }], { ok: false }],
  ["too much to be copied while it stands", [{ ...memdev, size: mostSharedBytes + 4096 }], { ok: false }],
  ["nothing that is understood", null, { ok: false }],
])("a guest's memory: %s", (_, memdevs, expected) => {
  expect(sharedOf(memdevs)).toMatchObject(expected);
});

const maps = `55d0e7a00000-55d0e7d00000 r--p 00000000 fd:00 4242                       /usr/bin/qemu-system-x86_64
7f3130000000-7f3140000000 rw-p 00000000 00:00 0
7f313ffff000-7f314ffff000 rw-s 00000000 00:01 473832                     /memfd:memory-backend-memfd (deleted)
7f3150000000-7f3160000000 rw-s 00000000 00:1b 77                         /dev/shm/belay/7044039c-t.ram
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
`;

test("where it lies is read from what the kernel says of QEMU's process", () => {
  const found = readMappings(maps);
  expect(found).toHaveLength(5);
  const of = (block: string, sizeBytes = memdev.size) => mappingOf(found, { block, sizeBytes })?.range;
  expect(of("pc.ram")).toBe("7f313ffff000-7f314ffff000");
  expect(of("belay-ram")).toBe("7f3150000000-7f3160000000");
  expect(of("pc.ram", 4096)).toBeUndefined();
});

test("two different pieces of that size are not guessed between", () => {
  const twice = readMappings(`${maps}7f3170000000-7f3180000000 rw-s 00000000 00:01 99 /memfd:other (deleted)\n`);
  expect(mappingOf(twice, { block: "pc.ram", sizeBytes: memdev.size })).toBeUndefined();
});
