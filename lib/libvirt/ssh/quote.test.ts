import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shellCommand, shellQuote } from "./quote.ts";

describe("quoting for a shell", () => {
  it.each([
    ["plain-word_1.0/x", "plain-word_1.0/x"],
    ["", "''"],
    ["two words", "'two words'"],
    ["it's", "'it'\\''s'"],
    ["$HOME", "'$HOME'"],
    ["~", "'~'"],
  ])("%j", (argument, quoted) => {
    expect(shellQuote(argument)).toBe(quoted);
  });

  it("brings any arguments through a real shell unchanged", () => {
    const argument = fc.string({ unit: fc.constantFrom(..."ab '\"\\$`!*?[]{}()<>|&;#~%=\n\té€-") });
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (argv) => {
        const out = execFileSync("/bin/sh", ["-c", shellCommand(["printf", "%s\\0", ...argv])], { encoding: "utf8" });
        expect(out.split("\0").slice(0, -1)).toEqual(argv);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses what no argument can hold", () => {
    expect(() => shellQuote("a\0b")).toThrow(/NUL/);
    expect(() => shellCommand([])).toThrow(/program/);
  });
});
