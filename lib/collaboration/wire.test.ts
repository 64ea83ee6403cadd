import fc from "fast-check";
import { expect, test } from "vitest";
import { parseFrame } from "./wire.ts";

test("whatever comes in, it is a frame, something to refuse, or noise", () => {
  const almost = fc.record(
    {
      type: fc.constantFrom("hello", "received", "message", "sensors", "beat", 7),
      id: fc.anything(),
      message: fc.oneof(fc.anything(), fc.record({ id: fc.string(), data: fc.anything() })),
      sensors: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        almost.map((it) => JSON.stringify(it) ?? ""),
      ),
      (text) => {
        const parsed = parseFrame(text);
        expect(["frame", "wrong", "noise"]).toContain(parsed.kind);
        if (parsed.kind === "noise") expect(Buffer.byteLength(parsed.words)).toBeLessThan(123); // what a close may carry
      },
    ),
  );
});
