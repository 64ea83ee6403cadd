import { describe, expect, it } from "vitest";
import { isoImage } from "./iso9660.ts";
import { type Seed, seedDisk, seedFiles } from "./seed.ts";

const seed: Seed = {
  instanceId: "7044039c-07d3-4c24-a690-07ef7e6ec446",
  hostName: "web-1",
  address: "198.18.1.1",
  prefixLength: 22,
  gateway: "198.18.0.1",
  mac: "52:54:03:00:00:01",
  authorizedKeys: ["ssh-ed25519 AAAA lab", "ssh-rsa BBBB me@here"],
};

/** What lies in an ISO 9660 image, found from the volume descriptor on as ECMA-119 says. */
function readIso(image: Buffer): { label: string; files: Record<string, string> } {
  const descriptor = image.subarray(16 * 2048);
  const rootAt = descriptor.readUInt32LE(156 + 2) * 2048;
  const files: Record<string, string> = {};
  for (let at = rootAt; image.readUInt8(at) > 0; at += image.readUInt8(at)) {
    const name = image.toString("latin1", at + 33, at + 33 + image.readUInt8(at + 32));
    const start = image.readUInt32LE(at + 2) * 2048;
    const isFile = (image.readUInt8(at + 25) & 2) === 0;
    if (isFile) files[name] = image.toString("utf8", start, start + image.readUInt32LE(at + 10));
  }
  return { label: descriptor.toString("latin1", 40, 72).trim(), files };
}

describe("the NoCloud seed", () => {
  it("names, addresses and authorises in the words of cloud-init", () => {
    const [meta, user, network] = seedFiles(seed);
    expect(meta).toEqual({ name: "meta-data", content: `instance-id: ${seed.instanceId}\nlocal-hostname: web-1\n` });
    expect(user?.content.split("\n").slice(0, 2)).toEqual(["#cloud-config", "hostname: web-1"]);
    expect(user?.content).toContain("ssh_authorized_keys:\n  - ssh-ed25519 AAAA lab\n  - ssh-rsa BBBB me@here\n");
    expect(network?.content).toContain(
      "    addresses:\n      - 198.18.1.1/22\n    routes:\n      - to: default\n        via: 198.18.0.1\n",
    );
  });

  it.each([
    ["a line break", "web\n1"],
    ["a YAML comment", "web #1"],
    ["a mapping", "web: 1"],
    ["a quote", 'web"1'],
  ])("refuses %s in a value", (_, hostName) => {
    expect(() => seedFiles({ ...seed, hostName })).toThrow("cannot stand in a seed");
  });

  it("is a disk labelled cidata that holds the three files whole", () => {
    const { label, files } = readIso(seedDisk(seed));
    expect(label).toBe("cidata");
    expect(files).toEqual(
      Object.fromEntries(seedFiles(seed).map((file) => [`${file.name.toUpperCase()}.;1`, file.content])),
    );
  });
});

describe("an ISO 9660 image", () => {
  it("holds files of every size around a sector, in whole sectors, the same bytes each time", () => {
    const files = [0, 1, 2047, 2048, 2049, 9000].map((size) => ({ name: `f${size}`, content: "x".repeat(size) }));
    const image = isoImage("test", files);
    expect(image.length % 2048).toBe(0);
    expect(image.readUInt32LE(16 * 2048 + 80)).toBe(image.length / 2048);
    expect(readIso(image).files).toEqual(
      Object.fromEntries(files.map((file) => [`F${file.name.slice(1)}.;1`, file.content])),
    );
    expect(isoImage("test", [...files].reverse()).equals(image)).toBe(true);
  });

  it("says so when the directory is full", () => {
    const files = Array.from({ length: 60 }, (_, at) => ({ name: `file-number-${at}`, content: "" }));
    expect(() => isoImage("test", files)).toThrow("60 files do not fit");
  });
});
