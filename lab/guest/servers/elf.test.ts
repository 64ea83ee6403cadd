import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { elfSection } from "./elf.ts";

/** A file with three sections: none, names, data. Offsets by the labels of elf.ts. */
function elf(): Buffer {
  const file = Buffer.alloc(512);
  file.write("\x7fELF\x02\x01", "latin1");
  file.writeBigUInt64LE(256n, 40);
  for (const [at, value] of [
    [58, 64],
    [60, 3],
    [62, 1],
  ] as const)
    file.writeUInt16LE(value, at);
  file.write("\0.names\0.rodata\0", 64, "latin1");
  const section = (index: number, name: number, at: number, bytes: number) => {
    file.writeUInt32LE(name, 256 + index * 64);
    file.writeBigUInt64LE(BigInt(at), 256 + index * 64 + 24);
    file.writeBigUInt64LE(BigInt(bytes), 256 + index * 64 + 32);
  };
  section(1, 1, 64, 16);
  section(2, 8, 128, 32);
  return file;
}

describe("a section of an ELF file", () => {
  it("is found by its name", () => {
    expect(elfSection(elf(), ".rodata")).toEqual({ at: 128, bytes: 32 });
    expect(elfSection(elf(), ".names")).toEqual({ at: 64, bytes: 16 });
    expect(elfSection(elf(), ".text")).toBeUndefined();
  });

  it("is in none of what is no ELF file", () => {
    for (const other of [Buffer.alloc(0), Buffer.alloc(100), Buffer.from("#!/bin/sh\n".repeat(20))])
      expect(elfSection(other, ".rodata")).toBeUndefined();
    expect(elfSection(readFileSync(import.meta.filename), ".rodata")).toBeUndefined();
  });
});
