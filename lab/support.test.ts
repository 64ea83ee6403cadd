import { describe, expect, it } from "vitest";
import { labPaths } from "./paths.ts";
import { labSupported, requiredDebianPackages } from "./support.ts";

describe("what the lab needs", () => {
  it("names each Debian package once, with the program that proves it and a reason", () => {
    const names = requiredDebianPackages.map((one) => one.package);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining(["libvirt-daemon-system", "qemu-system-x86", "debootstrap", "openssh-server"]),
    );
    expect(requiredDebianPackages.every((one) => one.program.startsWith("/") && one.why !== "")).toBe(true);
  });

  it("says yes, or why not and what to do", () => {
    const support = labSupported();
    if (support.ok) expect(process.getuid?.()).toBe(0);
    else expect([support.why, support.cure].every((words) => words.length > 10)).toBe(true);
  });

  it.each(["..", "a/b", "", "UPPER", "-x", "a".repeat(32)])(
    "refuses %j as a lab's name: it becomes a directory",
    (name) => {
      expect(() => labPaths(name)).toThrow("is no lab name");
    },
  );
});
