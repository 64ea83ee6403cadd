import { describe, expect, it } from "vitest";
import { allocationFiles, renewedDisk } from "./files.ts";
import { macOf } from "./mac.ts";

const uuid = "7044039c-07d3-4c24-a690-07ef7e6ec446";

describe("what follows from a VM's UUID", () => {
  it("is the names of its files", () => {
    const disk = `/srv/shared/belay-${uuid}.qcow2`;
    expect(allocationFiles("/srv/shared/", uuid)).toEqual({ disk, seed: `/srv/shared/belay-${uuid}-seed.iso` });
    expect(renewedDisk("/srv/shared", uuid.toUpperCase(), "rep_01")).toBe(`/srv/shared/belay-${uuid}-rep_01.qcow2`);
  });

  it.each(["", "../x", "a b", "a/b", "x".repeat(65)])("a label %j names no disk", (label) => {
    expect(() => renewedDisk("/srv", uuid, label)).toThrow("cannot name a disk");
  });

  it("is the address of its card: one that nobody's hardware has", () => {
    expect(macOf(uuid)).toMatch(/^5a(:[0-9a-f]{2}){5}$/);
    expect(macOf(uuid)).toBe(macOf(uuid.toUpperCase()));
    expect(macOf(uuid)).not.toBe(macOf("7044039c-07d3-4c24-a690-07ef7e6ec447"));
  });
});
