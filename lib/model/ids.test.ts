import { describe, expect, test } from "vitest";
import { idKinds, idSource, parseId } from "./ids.ts";

describe("ids", () => {
  test("say their kind and are read back as that kind only", () => {
    const ids = idSource(() => 1_700_000_000_000, Math.random);
    for (const kind of idKinds) {
      const id = ids.next(kind);
      expect(id.startsWith(`${kind}_`)).toBe(true);
      for (const other of idKinds) expect(parseId(other, id)).toBe(other === kind ? id : undefined);
    }
  });

  test("sort by time of birth", () => {
    let now = 1_700_000_000_000;
    const ids = idSource(
      () => now++,
      () => 0.999,
    );
    const made = Array.from({ length: 100 }, () => ids.next("vm"));
    expect([...made].sort()).toEqual(made);
  });

  test.each(["", "vm_", "vm_short", "VM_00000000000000000000", "vm_0000000000000000000l", "vm_000000000000000000000"])(
    "%j is none",
    (text) => expect(parseId("vm", text)).toBeUndefined(),
  );
});
